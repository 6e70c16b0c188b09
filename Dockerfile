# One image for every process: the API (the default command), the dispatcher, the simulator and the migrations.
# docker-compose.yml shows the command of each.

FROM node:24-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./

FROM packages AS build
# No install script is needed to compile. The optional packages are the embedded Postgres of `npm start`, one of
# 50 to 100 MB for each platform, and native parts of tools for tests.
RUN npm ci --omit=optional --ignore-scripts
COPY nest-cli.json tsconfig.json tsconfig.build.json ./
COPY migrations migrations
COPY libs libs
COPY apps apps
RUN npm run build

FROM packages AS production
RUN npm ci --omit=dev --omit=optional --ignore-scripts

FROM node:24-slim
ENV NODE_ENV=production NODE_OPTIONS=--enable-source-maps
WORKDIR /app
COPY --from=production /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json ./
# Everything above belongs to root: the process can read its code and change nothing of it.
USER node
EXPOSE 3000
# Of the API; a process with another command needs another one, as in docker-compose.yml. "Live" and not "ready",
# since starting the container again mends no database that is away.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.PORT || 3000) + '/health/live').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/apps/api/main.js"]
