# pushspec in an image: docker build -t pushspec . && docker run --rm --network host pushspec test mqtt://127.0.0.1:1883
FROM rust:1.95-slim-bookworm AS build
WORKDIR /src
COPY . .
RUN cargo build --release --locked --package pushspec

FROM debian:bookworm-slim
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 65532 --create-home pushspec
COPY --from=build /src/target/release/pushspec /usr/local/bin/pushspec
USER 65532
WORKDIR /home/pushspec
ENTRYPOINT ["pushspec"]
CMD ["--help"]
