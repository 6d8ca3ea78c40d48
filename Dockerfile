# syntax=docker/dockerfile:1
FROM python:3.13-slim-bookworm AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY movie_sync movie_sync
RUN python -m venv /opt/movie-sync && /opt/movie-sync/bin/pip install --no-cache-dir '.[builtin]'

FROM python:3.13-slim-bookworm
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
