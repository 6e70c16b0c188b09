/** The ids in log lines by which all that concerns one thing is found. */
export type SubjectIds = Partial<Record<'mailingId' | 'messageId' | 'clientId', number>>;

const fields = new Map([
  ['mailings', 'mailingId'],
  ['messages', 'messageId'],
  ['clients', 'clientId'],
]);

/** The field for the id of one of `resource`, such as `mailingId` for `mailings`, if it is a sane id. */
export function subjectIds(resource: string | undefined, id: unknown): SubjectIds {
  const value = typeof id === 'string' && /^\d{1,16}$/.test(id) ? Number(id) : id;
  const field = fields.get(resource ?? '');
  return field !== undefined && Number.isSafeInteger(value) ? { [field]: value } : {};
}
