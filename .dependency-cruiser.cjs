/**
 * Imports point downward only: apps → domain libs → technical libs, and never in a circle, neither of files nor of
 * folders.
 */

/** A library, or a room of one that has several: each is entered by its index. */
const room = '^libs/(queue/[^/]+|providers/(?:breaker|kinds)|mailings/status|[^/]+)/';
const roomIndex = '^libs/(queue/[^/]+|providers/(breaker|kinds)|mailings/status|[^/]+)/index\\.ts$';
const domain = '^libs/(clients|mailings|messages|queue|providers|statistics)/';

/** Rooms of a folder, each of which may know those before it and none after. */
function inOrder(folder, rooms) {
  return rooms.slice(0, -1).map((room, place) => ({
    name: `${folder.replaceAll('/', '-')}-in-order`,
    comment: `${folder} is read in this order: ${rooms.join(', ')}`,
    severity: 'error',
    from: { path: `^${folder}/${room}/` },
    to: { path: `^${folder}/(${rooms.slice(place + 1).join('|')})/` },
  }));
}

module.exports = {
  forbidden: [
    ...inOrder('libs/queue', ['transitions', 'plan', 'lease', 'grant', 'record', 'recover', 'watch']),
    ...inOrder('apps/dispatcher', [
      'process',
      'plan',
      'grant',
      'outlets',
      'record',
      'send',
      'take',
      'control',
      'duties',
    ]),
    {
      name: 'apps-dispatcher-rooms-know-no-root',
      severity: 'error',
      from: { path: '^apps/dispatcher/[^/]+/' },
      to: { path: '^apps/dispatcher/[^/]+$' },
    },
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-circular-folders', severity: 'error', scope: 'folder', from: {}, to: { circular: true } },
    {
      name: 'libs-know-no-app',
      severity: 'error',
      from: { path: '^(libs|migrations)/' },
      to: { path: '^(apps|test)/' },
    },
    {
      name: 'apps-know-no-other-app',
      severity: 'error',
      from: { path: '^apps/([^/]+)/' },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    {
      name: 'technical-libs-know-no-domain',
      severity: 'error',
      from: { path: '^libs/', pathNot: domain },
      to: { path: domain },
    },
    {
      name: 'the-queue-knows-nobody-who-reads-it',
      severity: 'error',
      from: { path: '^libs/queue/' },
      to: { path: '^libs/(clients|messages|statistics)/' },
    },
    {
      name: 'rooms-by-their-index-only',
      severity: 'error',
      from: { path: room },
      to: { path: '^libs/', pathNot: ['^libs/$1/', roomIndex] },
    },
    {
      name: 'rooms-by-their-index-only-from-outside',
      severity: 'error',
      from: { path: '^(apps|migrations|test)/' },
      to: { path: '^libs/', pathNot: roomIndex },
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['source', 'import', 'require', 'node', 'default', 'types'],
    },
  },
};
