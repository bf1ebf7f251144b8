# hopwise in a container.
#
#   docker build -t hopwise .
#   docker run --rm -p 8080:8080 -e HOPWISE_UPSTREAM=http://app:3000 hopwise             a gateway for app
#   docker run --rm -p 8080:8080 -v ./hopwise.yaml:/etc/hopwise/hopwise.yaml:ro hopwise  your own file
#   docker run --rm -p 8080:8080 hopwise reverse http://app:3000                         options instead of a file
#   docker run --rm -p 8080:8080 hopwise demo                                            something to try
#
# Options also come from the environment: docker run --env-file hopwise.env … (see config/hopwise.env.example).

# The newest LTS of Node. Debian's slim image, not Alpine's: Node is built and tested with glibc (its musl builds
# are called experimental), and glibc's resolver retries over TCP and follows resolv.conf's options.
ARG NODE=node:26-bookworm-slim

# ---- build: everything needed to compile -----------------------------------------------------------------------------
FROM ${NODE} AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm ci --loglevel=error
COPY tsconfig.json ./
COPY bin bin
COPY lib lib
RUN npm run --silent build

# ---- parts: what is needed to run, without the build tools -----------------------------------------------------------
FROM ${NODE} AS parts
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts --loglevel=error
# Node and the libraries that it is linked with, found by the linker itself, at the same paths; nsswitch.conf, so that
# /etc/hosts is read first. The CA certificates are built into Node.
RUN node=$(command -v node) && mkdir /root-fs && \
    cp --parents -L "$node" $(ldd "$node" | grep -o '/[^ ]*') /etc/nsswitch.conf /root-fs

# ---- the image: no shell, no package manager, nothing to write to ----------------------------------------------------
FROM scratch
LABEL org.opencontainers.image.title="hopwise" \
      org.opencontainers.image.description="A forward and reverse HTTP/1.x proxy that gets every hop right" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="MIT"
ENV NODE_ENV=production
ENV PATH=/usr/local/bin
# Every address: a container's loopback cannot be reached from outside. Change the port here (-e HOPWISE_LISTEN=:3128),
# not with --listen: the file in the image and the health check read it, too.
ENV HOPWISE_LISTEN=:8080
COPY --from=parts /root-fs /
WORKDIR /app
COPY package.json LICENSE ./
COPY --from=parts /src/node_modules node_modules
COPY --from=build /src/dist dist
COPY config/container/hopwise.yaml /etc/hopwise/hopwise.yaml
# Numbers, since there is no /etc/passwd, and so that Kubernetes can verify runAsNonRoot. This user owns nothing here.
USER 1000:1000
EXPOSE 8080
# hopwise answers the check itself, so a dead upstream does not restart a healthy proxy.
HEALTHCHECK --interval=10s --timeout=5s --start-period=5s --retries=3 \
  CMD ["node", "/app/dist/bin/hopwise.js", "health", "--self"]
# SIGTERM drains. drainMs is 8 s, so that the exit comes before the 10 s of `docker stop` are over.
STOPSIGNAL SIGTERM
# The list form: node itself is PID 1 and gets the signals, without a shell in between.
ENTRYPOINT ["node", "/app/dist/bin/hopwise.js"]
CMD ["serve", "--config", "/etc/hopwise/hopwise.yaml"]
