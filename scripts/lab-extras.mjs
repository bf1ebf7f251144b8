// What the pages of docs/lab have in addition to the texts of the experiments: the settings of the recordings, the scenes that
// are drawn, the commands that change one thing, and a few extra sections. A test checks every name in it.

/** @param {string} scene @param {string[]} beside other scenes in the same drawing */
const scene = (scene, ...beside) => ({
  name: scene,
  scenes: [scene, ...beside],
})
/** Where the time went, of these scenes. */
const chart = (...scenes) => ({ name: 'chart', scenes, isChart: true })

const NGINX = `\`\`\`nginx
daemon off;
master_process off;
pid origin.pid;
events {}
http {
  access_log off;
  keepalive_timeout 5s;
  server {
    listen 127.0.0.1:8081;
    return 200 "Hello from nginx.\\n";
  }
}
\`\`\``

const CURL = `\`\`\`sh
curl --http1.0 -H 'Connection: keep-alive' -w '%{time_total} s\\n' http://127.0.0.1:8082/ http://127.0.0.1:8082/
curl --http1.0 -H 'Connection: keep-alive' -w '%{time_total} s\\n' http://127.0.0.1:8080/ http://127.0.0.1:8080/
\`\`\``

/**
 * `knobs`: values for the recording where the standard ones make a drawing too long to read. `drawn`: drawings, from the first to the last;
 * without it every scene has one. `folded`: further drawings, closed at first. `tries`: the settings to change.
 */
export const EXTRAS = {
  connection: {
    drawn: [chart('transaction'), scene('transaction'), scene('four-values')],
    tries: [{ work: 0 }, { work: 0, size: 500 }],
  },
  'keep-alive': {
    drawn: [scene('kept', 'without')],
    folded: [scene('not-kept')],
    tries: [{ timeout: 10, max: 20 }, { max: 2 }],
  },
  persistent: {
    drawn: [scene('persistent', 'limit'), scene('close', 'versions')],
    tries: [{ timeout: 6 }, { max: 2 }],
  },
  'two-sides': {
    knobs: { requests: 3 },
    drawn: [scene('upstream-hopwise'), scene('upstream-stock')],
    folded: [scene('client-hopwise'), scene('client-stock')],
    tries: [{ agent: 'none' }],
  },
  hang: {
    drawn: [scene('dumb'), scene('hopwise')],
    tries: [{ timeout: 10 }, { parts: 'real' }],
    more: {
      en: `## By hand

nginx agrees to keep HTTP/1.0 connections, so you can produce the classic hang with real programs. This is \`origin.conf\`:

${NGINX}

Start three programs, each in its own terminal:

\`\`\`sh
nginx -p "$PWD" -c origin.conf -e stderr
hopwise dumb http://127.0.0.1:8081 --listen 127.0.0.1:8082
hopwise reverse http://127.0.0.1:8081 --listen 127.0.0.1:8080
\`\`\`

Then run the same client twice, first through the dumb proxy, then through hopwise:

${CURL}

The second transfer through the dumb proxy takes the 5 s of nginx, and needs a new connection: curl silently repeats the request when the connection ends without an answer, and its exit
code is 0. So only the time and the unread request reveal the hang. Through hopwise the second transfer takes a few milliseconds, on the connection of the first.
`,
      ko: `## 손으로 해 보기

nginx는 HTTP/1.0 커넥션을 유지하는 데 동의하므로, 이 고전적인 멈춤은 실제 프로그램으로도 일어난다. 다음은 \`origin.conf\` 파일이다.

${NGINX}

프로그램 세 개를 각각 다른 터미널에서 실행한다.

\`\`\`sh
nginx -p "$PWD" -c origin.conf -e stderr
hopwise dumb http://127.0.0.1:8081 --listen 127.0.0.1:8082
hopwise reverse http://127.0.0.1:8081 --listen 127.0.0.1:8080
\`\`\`

같은 클라이언트를 두 번, 먼저 멍청한 프록시를 거쳐서, 그다음 hopwise를 거쳐서 실행한다.

${CURL}

멍청한 프록시를 거친 두 번째 전송은 nginx의 5초가 걸리고 새로 연결해야 한다. curl은 커넥션이 응답 없이 끝나면 말없이 다시 요청하므로 종료 코드는 0이다. 멈춤을 드러내는 것은 걸린 시간과 아무도
읽지 않은 요청이다. hopwise를 거친 두 번째 전송은 첫 번째와 같은 커넥션에서 몇 밀리초 만에 끝난다.
`,
    },
  },
  'proxy-connection': {
    knobs: { requests: 2 },
    drawn: [scene('dumb'), scene('smart'), scene('hopwise')],
    tries: [{ http10: 'kept' }],
  },
  'two-proxies': {
    drawn: [scene('dumb-smart'), scene('smart-dumb')],
    folded: [scene('hopwise')],
    tries: [{ hopwise: 'allowed' }],
  },
  nominated: {
    drawn: [scene('hopwise'), scene('stock')],
    folded: [scene('dumb')],
    tries: [{ stock: 'kept' }, { named: 'cookie' }],
  },
  'page-load': {
    drawn: [
      chart('serial', 'parallel', 'persistent', 'parallel-persistent', 'pipelined', 'narrow-one', 'narrow-many'),
      scene('parallel', 'parallel-persistent'),
    ],
    folded: [scene('serial', 'persistent'), scene('pipelined')],
    tries: [{ objects: 8 }, { roundTripMs: 500 }],
  },
  pipelining: {
    drawn: [scene('serial', 'pipelined'), scene('direct'), scene('everything'), scene('idempotent')],
    folded: [scene('hopwise'), scene('behind'), scene('soon')],
    tries: [{ count: 12 }, { roundTrip: 600 }],
  },
  'tcp-keepalive': {
    drawn: [scene('without', 'probed'), scene('data', 'alive')],
    tries: [{ time: 3 }, { interval: 2, probes: 3 }],
    more: {
      en: `## Four keep-alives

| | who | with what | why | how far |
| --- | --- | --- | --- | --- |
| HTTP | the application | \`Connection\`, an idle limit | the next request needs no handshake | one hop |
| TCP | the kernel | empty probes | to find dead peers | one hop |
| WebSocket | the application | ping and pong | to find dead peers, to stay within idle limits on the way | end to end |
| database pool | the application | a query now and then | to check a connection, and to keep it open | end to end |

On Linux the three numbers of TCP are in \`/proc/sys/net/ipv4\`. They apply to connections whose program asked for probes without giving its own numbers:

| | by default | means |
| --- | --- | --- |
| \`tcp_keepalive_time\` | 7200 s | silence before the first probe |
| \`tcp_keepalive_intvl\` | 75 s | time from one unanswered probe to the next |
| \`tcp_keepalive_probes\` | 9 | after this many unanswered probes the connection is considered dead |
`,
      ko: `## 네 가지 keep-alive

| | 누가 | 무엇으로 | 무엇을 위해 | 범위 |
| --- | --- | --- | --- | --- |
| HTTP | 애플리케이션 | \`Connection\`, 유휴 제한 시간 | 다음 요청에 핸드셰이크가 필요 없게 | 한 홉 |
| TCP | 커널 | 빈 프로브 | 죽은 상대를 찾기 위해 | 한 홉 |
| 웹소켓 | 애플리케이션 | 핑과 퐁 | 죽은 상대를 찾고, 유휴 제한 시간에 걸리지 않기 위해 | 종단간 |
| 데이터베이스 풀 | 애플리케이션 | 이따금 보내는 쿼리 | 커넥션을 검사하고 유지하기 위해 | 종단간 |

리눅스에서 TCP의 세 값은 \`/proc/sys/net/ipv4\`에 있다. 프로브를 요청했지만 값을 따로 정하지 않은 프로그램의 커넥션에 적용된다.

| | 기본값 | 뜻 |
| --- | --- | --- |
| \`tcp_keepalive_time\` | 7200초 | 첫 프로브를 보내기까지 조용한 시간 |
| \`tcp_keepalive_intvl\` | 75초 | 응답 없는 프로브 사이의 간격 |
| \`tcp_keepalive_probes\` | 9 | 응답 없는 프로브가 이만큼이면 커넥션이 끝난 것으로 본다 |
`,
    },
  },
  websocket: {
    knobs: { pingMs: 2_000 },
    drawn: [scene('silent')],
    folded: [scene('pings'), scene('octets')],
    tries: [{ pingMs: 3_000 }, { pingMs: 6_000 }],
  },
  pool: {
    knobs: { rounds: 2 },
    drawn: [scene('stock'), scene('hopwise'), scene('post')],
    folded: [scene('liveness'), scene('hint'), scene('query')],
    tries: [{ rounds: 1 }, { rounds: 6 }],
  },
  handshake: {
    drawn: [chart('new', 'kept'), scene('new', 'kept'), scene('slow-start')],
    tries: [{ silence: 'long' }],
  },
  nagle: {
    knobs: { exchanges: 4 },
    drawn: [chart('nagle', 'nodelay', 'hopwise'), scene('nagle', 'nodelay')],
    folded: [scene('hopwise')],
    tries: [{ writes: 1 }, { writes: 4 }],
  },
  close: {
    drawn: [scene('unread', 'lingering'), scene('short', 'half'), scene('small', 'large')],
    folded: [scene('guarded'), scene('hopwise')],
    tries: [{ off: 1 }],
  },
  death: {
    drawn: [scene('stock'), scene('hopwise')],
    tries: [{ how: 'reset' }, { how: 'reset', framing: 'chunked' }],
  },
  resources: {
    drawn: [scene('processes'), scene('event-loop')],
    folded: [scene('pressure'), scene('one-address'), scene('too-short'), scene('too-long')],
    tries: [{ idleMs: 6_000 }],
  },
}
