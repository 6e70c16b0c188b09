/** Area codes of the North American numbering plan and the time zone most of each lies in. */
const places = [
  ['902', 'America/Halifax'],
  ['709', 'America/St_Johns'],
  ['212', 'America/New_York'],
  ['416', 'America/Toronto'],
  ['312', 'America/Chicago'],
  ['303', 'America/Denver'],
  ['602', 'America/Phoenix'],
  ['213', 'America/Los_Angeles'],
  ['907', 'America/Anchorage'],
  ['808', 'Pacific/Honolulu'],
] as const;

/** 555-0100 to 555-0199 are kept for fiction in each area code: nobody can ever be called by a demo. */
const fictionalNumbers = 100;

export interface DemoClient {
  readonly phone: string;
  readonly operatorCode: string;
  readonly timezone: string;
  readonly tags: readonly string[];
}

/** 1,000 clients in ten time zones, every tenth of them tagged `vip` as well. */
export function demoClients(): DemoClient[] {
  return places.flatMap(([areaCode, timezone]) =>
    Array.from({ length: fictionalNumbers }, (_, index) => ({
      phone: `+1${areaCode}55501${String(index).padStart(2, '0')}`,
      operatorCode: areaCode,
      timezone,
      tags: index % 10 === 0 ? ['demo', 'vip'] : ['demo'],
    })),
  );
}
