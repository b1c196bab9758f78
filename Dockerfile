# The images of the adapter and of the sidecar: one static binary each, and a user
# without a name; the adapter's has the time zones and the certificates of public
# authorities in it. There is no shell. `docker build -t NAME .` builds the
# adapter's and `docker build --target sidecar -t NAME .` the sidecar's, from a
# clone with its .git, from which the version comes; `make image` builds both
# without docker.
FROM golang:1.26.7-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN make build && ! ldd bin/foreshadow-adapter && ! ldd bin/foreshadow-sidecar
# A user who is not root needs a place for --storage.path and for what is
# temporary; in a cluster both are volumes, the root file system is read-only.
RUN install -d /image && install -d -o 65532 -g 65532 -m 0700 /image/data && install -d -m 1777 /image/tmp && \
    install -m 0755 bin/foreshadow-adapter /image/

FROM scratch AS sidecar
COPY --from=build /src/bin/foreshadow-sidecar /
USER 65532:65532
# Progress and metrics, and the samples of taps.
EXPOSE 9797 9798
ENTRYPOINT ["/foreshadow-sidecar"]

FROM scratch
COPY --from=build /image /
WORKDIR /
USER 65532:65532
# The metrics APIs, and Prometheus metrics with health.
EXPOSE 6443 9402
ENTRYPOINT ["/foreshadow-adapter"]
