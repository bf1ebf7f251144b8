"""A first proxy: one request for each connection, and no knowledge of hops."""

import os
import socket
import threading

ORIGIN_HOST, ORIGIN_PORT = os.environ.get("ORIGIN", "127.0.0.1:8091").split(":")


def read_head(connection):
    """The lines before the blank line, and the bytes after it."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            return [], b""
        data += more
    head, _, rest = data.partition(b"\r\n\r\n")
    return head.decode("latin-1").split("\r\n"), rest


def serve(client):
    with client:
        lines, rest = read_head(client)
        if not lines:
            return
        start_line, fields = lines[0], lines[1:]
        # Here your proxy decides which fields end and which go on. So far, all of them go on.
        fields = [*fields, "Connection: close"]
        with socket.create_connection((ORIGIN_HOST, int(ORIGIN_PORT))) as origin:
            head = "\r\n".join([start_line, *fields, "", ""])
            origin.sendall(head.encode("latin-1") + rest)
            # The origin was told to close: its end is the end of the response.
            while data := origin.recv(65536):
                client.sendall(data)


server = socket.create_server(("127.0.0.1", int(os.environ.get("PORT", "9000"))))
while True:
    connection, _ = server.accept()
    threading.Thread(target=serve, args=(connection,), daemon=True).start()
