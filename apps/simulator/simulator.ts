import { BehaviourControl } from './behaviour-control.js';
import { ControlPort } from './control-port.js';
import { SendingPort } from './sending-port.js';
import { SimulatedProvider } from './simulated-provider.js';

export interface SimulatorOptions {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** 0 takes a free port. */
  readonly controlPort: number;
  /** What the sending port asks for as `Authorization: Bearer`. */
  readonly token: string;
}

/** A simulated provider that listens. */
export interface Simulator {
  readonly port: number;
  readonly controlPort: number;
  /** Answers what is under way, for five seconds at most, and closes both ports. */
  stop(): Promise<void>;
}

/** Starts a simulated provider in this process. Throws {@link PortTakenError} when a port is taken. */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const provider = new SimulatedProvider(options.token);
  const sending = new SendingPort(provider, options.host, options.port);
  const behaviour = new BehaviourControl(provider, sending);
  const control = new ControlPort(provider, sending, behaviour, options.host, options.controlPort);
  await sending.open();
  try {
    await control.open();
  } catch (error) {
    await sending.close();
    throw error;
  }
  return {
    port: sending.state.port,
    controlPort: control.port,
    stop: async () => {
      behaviour.stop();
      await sending.end();
      await control.close();
    },
  };
}
