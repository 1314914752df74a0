# syntax=docker/dockerfile:1

# The agent's image: Node from the lockfile, PostgreSQL's clients, and age and zstd for recovery by hand.
#   docker build --sbom=true --provenance=true --tag holdfast:0.1.0 .

FROM node:26-trixie-slim AS build
WORKDIR /opt/holdfast
COPY package.json package-lock.json .npmrc ./
# Without what only development and the stacks need.
RUN npm ci --omit=dev --no-audit --no-fund \
 && npm sbom --package-lock-only --omit=dev --sbom-format=cyclonedx > sbom.cdx.json
COPY LICENSE ./
COPY bin ./bin
COPY contracts ./contracts
COPY pages ./pages
COPY docs/configuration.schema.gen.json ./docs/
COPY docs/examples ./docs/examples
COPY backup-agent ./backup-agent

FROM debian:trixie-slim
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="holdfast" \
      org.opencontainers.image.description="Backups of a CRM that prove they restore" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"

ADD --chmod=444 https://www.postgresql.org/media/keys/ACCC4CF8.asc /usr/share/keyrings/pgdg.asc
# Whom RDS and Aurora are verified by, in all regions: the place that the jobs' caFile names.
ADD --chmod=444 https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem /etc/holdfast/rds-ca.pem
COPY docker/pgdg.sources /etc/apt/sources.list.d/

# PostgreSQL 18's clients dump and restore every supported server, 13 and later.
# Versions come from the base image's release; the SBOM records them.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates \
 && apt-get update \
 && apt-get install --yes --no-install-recommends age openssl postgresql-client-18 zstd \
 && rm -rf /var/lib/apt/lists/* \
 && groupadd --gid 10001 holdfast \
 && useradd --uid 10001 --gid 10001 --home-dir /var/lib/holdfast --create-home --shell /usr/sbin/nologin holdfast \
 && chmod 0700 /var/lib/holdfast

COPY --from=build /opt/holdfast /opt/holdfast

ENV PATH=/opt/holdfast/bin:/opt/holdfast/node_modules/.bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    NODE_ENV=production \
    TMPDIR=/var/lib/holdfast
WORKDIR /var/lib/holdfast
USER 10001:10001
# The one place to write to; the rest may be mounted read-only.
VOLUME /var/lib/holdfast
HEALTHCHECK --interval=30s --timeout=5s CMD ["node", "--eval", "process.kill(1, 0)"]
ENTRYPOINT ["holdfast"]
CMD ["--help"]
