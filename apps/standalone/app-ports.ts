import { settings, type StandaloneConfig } from '#libs/config';
import { freePort } from '#libs/embedded';
import { movedPorts, portFor, portNear } from './ports.js';

/** Where the applications of `npm start` listen. */
interface AppPorts {
  readonly port: number;
  /** One for each dispatcher, in their order. */
  readonly dispatcherPorts: readonly number[];
  readonly simulatorPort: number;
  readonly simulatorControlPort: number;
}

/** The defaults of the settings, for when nothing else is asked. */
const usualPort = {
  simulator: settings.SIMULATOR_PORT.parse(undefined),
  simulatorControl: settings.SIMULATOR_CONTROL_PORT.parse(undefined),
};

/** Finds a port for each application; reports which of them had to be others. Throws `PortUnavailable`. */
export async function chooseAppPorts(
  config: StandaloneConfig,
  report: (line: string) => void,
): Promise<AppPorts> {
  const { simulator, simulatorControl } = usualPort;
  const ports = {
    port: await portFor('PORT', config.port, config.host),
    dispatcherPorts: await dispatcherPorts(config.dispatcherPort, config.dispatchers),
    simulatorPort: await portNear('SIMULATOR_PORT', config.simulatorPort, simulator),
    simulatorControlPort: await portNear(
      'SIMULATOR_CONTROL_PORT',
      config.simulatorControlPort,
      simulatorControl,
    ),
  };
  const moved = movedPorts([
    { setting: config.simulatorPort, usual: simulator, got: ports.simulatorPort },
    { setting: config.simulatorControlPort, usual: simulatorControl, got: ports.simulatorControlPort },
  ]);
  if (moved !== '' && config.providerUrl === undefined) report(`the simulator takes ${moved}`);
  return ports;
}

/** The port that was asked for and those after it, or free ones for 0. */
async function dispatcherPorts(first: number, count: number): Promise<number[]> {
  const ports: number[] = [];
  for (let nth = 0; nth < count; nth += 1) {
    ports.push(first === 0 ? await freePort() : await portFor('DISPATCHER_PORT', first + nth, '127.0.0.1'));
  }
  return ports;
}
