# The image of the adapter: one static binary, with the time zones and the
# certificates of public authorities in it, and a user without a name. There is
# no shell. `docker build -t NAME .` builds it from a clone with its .git, from
# which the version comes; `make image` builds the same without docker.
FROM golang:1.26.7-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN make build && ! ldd bin/foreshadow-adapter
# A user who is not root needs a place for --storage.path and for what is
# temporary; in a cluster both are volumes, the root file system is read-only.
RUN install -d /image && install -d -o 65532 -g 65532 -m 0700 /image/data && install -d -m 1777 /image/tmp && \
    install -m 0755 bin/foreshadow-adapter /image/

FROM scratch
COPY --from=build /image /
WORKDIR /
USER 65532:65532
# The metrics APIs, and Prometheus metrics with health.
EXPOSE 6443 9402
ENTRYPOINT ["/foreshadow-adapter"]
