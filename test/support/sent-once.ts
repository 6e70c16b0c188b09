import type { Delivery, ProviderClient, SendOptions } from '#libs/providers/kinds';

type Message = Parameters<ProviderClient['start']>[0];

/** Sends one message with the provider's client; resolves with what came of it. */
export function sentOnce(
  client: ProviderClient,
  message: Message,
  { mayStart = () => true, ...options }: SendOptions & { mayStart?: () => boolean } = {},
): Promise<Delivery> {
  return new Promise((settled) => client.start(message, { mayStart, settled }, options));
}
