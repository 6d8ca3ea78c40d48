# The tag moves, so that security updates of the system come with each build. To build on one exact image, give its digest:
#   docker build --build-arg BASE=python@sha256:...   (docker buildx imagetools inspect python:3.13-slim-bookworm)
ARG BASE=python:3.13-slim-bookworm

FROM ${BASE} AS build
WORKDIR /src
COPY locks locks
# Wheels alone, each the very file that was locked: no package's code runs here.
RUN python -m venv /opt/build \
    && /opt/build/bin/pip install --no-cache-dir --require-hashes --only-binary :all: -r locks/build.txt \
    && python -m venv /opt/movie-sync \
    && /opt/movie-sync/bin/pip install --no-cache-dir --require-hashes --only-binary :all: -r locks/run.txt
COPY pyproject.toml README.md LICENSE ./
COPY movie_sync movie_sync
RUN /opt/build/bin/pip wheel --no-cache-dir --no-index --no-deps --no-build-isolation --wheel-dir dist . \
    && /opt/movie-sync/bin/pip install --no-cache-dir --no-index --no-deps dist/*.whl

FROM ${BASE}
LABEL org.opencontainers.image.title="Movie Sync" \
      org.opencontainers.image.licenses="MIT"
COPY --from=build /opt/movie-sync /opt/movie-sync
# In place of the program's own name, so that "docker compose exec movie-sync movie-sync list" is PUID's too.
COPY --chmod=755 docker/entrypoint.sh /usr/local/bin/movie-sync
ENV MOVIE_SYNC_HOME=/config \
    MOVIE_SYNC_DOWNLOAD_DIRECTORY=/config/downloads
VOLUME ["/config"]
# A container's health is 0 or 1; movie-sync itself says 3 or 4.
HEALTHCHECK --interval=60s --timeout=15s --start-period=30s \
    CMD ["sh", "-c", "movie-sync check --live >/dev/null || exit 1"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["movie-sync"]
CMD ["run"]
