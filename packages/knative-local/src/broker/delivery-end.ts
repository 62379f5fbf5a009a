/** `dead letter`: the dead letter sink has it. `lost`: nobody has it. `stopped`: the runtime stopped first. */
export type DeliveryEnd = 'delivered' | 'dead letter' | 'lost' | 'stopped';
