import { createServer } from 'node:net';
import { once } from 'node:events';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { BehaviourControl } from '../../apps/simulator/behaviour-control.js';
import { SendingPort } from '../../apps/simulator/sending-port.js';
import { SimulatedProvider } from '../../apps/simulator/simulated-provider.js';
import { eventually } from './simulator-client.js';
import {
  accepted,
  bodyOf,
  endOf,
  errorCodeOf,
  head,
  rawConnection,
  simulator,
  token,
} from './simulator-fixture.js';

describe('a provider that is down', () => {
  it('refuses connections from the answer on, and is back on its port when told so', async () => {
    const { control, port, exchange, send } = await simulator();
    await control.behave({ down: true });
    expect(await errorCodeOf(exchange(1))).toBe('ECONNREFUSED');
    expect(await control.state()).toMatchObject({ listening: false, port, connections: 0 });

    await control.behave({});
    expect(await send(2)).toEqual(accepted);
    expect(await control.state()).toMatchObject({ listening: true, port });
    expect((await control.received()).map((row) => row.id)).toEqual([2]);
  });

  it('ends open connections, those with a request on the wire included', async () => {
    const { control, port } = await simulator();
    await control.fault({ kind: 'acceptThenHang' });
    const [busy, idle] = [await rawConnection(port), await rawConnection(port)];
    const ends = Promise.all([endOf(busy), endOf(idle)]);
    busy.write(head(1, bodyOf(1).length) + bodyOf(1));
    await eventually('the request arrives', async () => (await control.summary()).accepted === 1);
    await control.adjust({ down: true });
    expect((await ends).map(({ read }) => read)).toEqual(['', '']);
    expect(await control.state()).toMatchObject({ connections: 0, inFlight: 0 });
  });

  it('comes back by itself after downForMs', async () => {
    const { control, exchange, send } = await simulator();
    const start = performance.now();
    await control.behave({ downForMs: 150 });
    expect(await errorCodeOf(exchange(1))).toBe('ECONNREFUSED');
    expect(await control.behaviour()).toMatchObject({ down: true, downForMs: 150 });

    await eventually('it listens again', async () => (await control.state()).listening);
    expect(performance.now() - start).toBeGreaterThanOrEqual(148);
    expect(await control.behaviour()).toMatchObject({ down: false, downForMs: null });
    expect(await send(2)).toEqual(accepted);
  });

  it('stays down over changes of something else, with its time running on', async () => {
    const { control, send } = await simulator();
    await control.behave({ downForMs: 150, faults: [{ kind: 'status', status: 500, every: 2 }] });
    await control.adjust({ latencyMs: 1 });
    expect((await control.state()).listening).toBe(false);
    await eventually('it listens again', async () => (await control.state()).listening);
    expect(await control.behaviour()).toMatchObject({ latencyMs: 1, down: false });
    expect([(await send(1)).status, (await send(2)).status]).toEqual([200, 500]);
  });

  it('is up at once when a change ends an outage before its time', async () => {
    const { control, send } = await simulator();
    await control.behave({ downForMs: 60_000 });
    await control.adjust({ down: false });
    expect(await send(1)).toEqual(accepted);
    expect(await control.behaviour()).toMatchObject({ down: false, downForMs: null });
  });

  it('stays down for good when a change says so, the former time notwithstanding', async () => {
    const { control } = await simulator();
    await control.behave({ downForMs: 50 });
    await control.adjust({ down: true });
    // An outage that begins later and ends by itself: by then the first one's time is over too.
    const other = await simulator();
    await other.control.behave({ downForMs: 100 });
    await eventually('the other is back', async () => (await other.control.state()).listening);
    expect((await control.state()).listening).toBe(false);
  });

  it('stays down when a change overtakes the end of the former outage', async () => {
    const provider = new SimulatedProvider(token);
    const port = new SendingPort(provider, '127.0.0.1', 0);
    await port.open();
    const control = new BehaviourControl(provider, port);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());

    await control.change({ downForMs: 100 });
    const change = control.change({ down: true });
    // The time is over before the change had its turn.
    vi.advanceTimersByTime(100);
    await change;
    await control.change({});
    expect(port.state.listening).toBe(false);
  });

  it('survives many outages in a row, asked for at once', async () => {
    const { control, send } = await simulator();
    const changes = Array.from({ length: 20 }, (_, index) => control.adjust({ down: index % 2 === 0 }));
    await Promise.all(changes);
    await control.adjust({ down: false });
    expect(await send(1)).toEqual(accepted);
  });

  it('waits for its port while another process has it', async () => {
    const { control, port, send } = await simulator();
    await control.behave({ down: true });
    const other = createServer().listen(port, '127.0.0.1');
    await once(other, 'listening');
    const back = control.behave({});
    expect((await control.state()).listening).toBe(false);
    other.close();
    await back;
    expect(await send(1)).toEqual(accepted);
  });
});
