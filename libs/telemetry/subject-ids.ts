/** The ids in log lines by which all that concerns one thing is found. */
export type SubjectIds = Partial<Record<'mailingId' | 'messageId' | 'clientId', number>>;

const fields = new Map([
  ['mailings', 'mailingId'],
  ['messages', 'messageId'],
  ['clients', 'clientId'],
]);

/** Whoever asks for a phone in the place of an id is not to leave it in the log; ids have ten digits at most. */
const LONGEST_ID = 1e10;

/** The field for the id of one of `resource`, such as `mailingId` for `mailings`, if it is a sane id. */
export function subjectIds(resource: string | undefined, id: unknown): SubjectIds {
  const value = typeof id === 'string' && /^\d{1,16}$/.test(id) ? Number(id) : id;
  const field = fields.get(resource ?? '');
  return field !== undefined && Number.isSafeInteger(value) && Number(value) < LONGEST_ID
    ? { [field]: value }
    : {};
}
