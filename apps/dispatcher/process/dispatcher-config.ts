/** Injects the {@link DispatcherConfig} of `#libs/config`. */
export const DISPATCHER_CONFIG = Symbol('DispatcherConfig');
