import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type Answer, decode, encode } from 'dns-packet';

/** What a name has. Where there are several sets of addresses, each query gets the next one, and the last stays. */
export interface Zone {
  A?: string[][];
  AAAA?: string[][];
  CNAME?: string;
  /** The kind of address that the server fails to tell. */
  broken?: 'A' | 'AAAA';
}

export interface NameServer {
  /** For WEBHOOK_DNS. */
  address: string;
  zones: Map<string, Zone>;
  close(): void;
}

/** A name server that answers as the test says, over UDP. */
export async function startNameServer(): Promise<NameServer> {
  const socket = createSocket('udp4');
  const zones = new Map<string, Zone>();

  /** By id and question: whoever asks once more because the answer was late gets the same. */
  const given = new Map<string, Answer[]>();

  function answersTo(name: string, type: 'A' | 'AAAA'): Answer[] {
    const zone = zones.get(name.toLowerCase());
    if (zone?.CNAME !== undefined) {
      return [{ type: 'CNAME', name, ttl: 0, data: zone.CNAME }, ...answersTo(zone.CNAME, type)];
    }
    const sets = zone?.[type] ?? [];
    const addresses = (sets.length > 1 ? sets.shift() : sets[0]) ?? [];
    return addresses.map((data) => ({ type, name, ttl: 0, data }));
  }

  socket.on('message', (message, { port, address }) => {
    const query = decode(message);
    const [question] = query.questions ?? [];
    if (question?.type !== 'A' && question?.type !== 'AAAA') return;
    const asked = `${query.id} ${question.type} ${question.name}`;
    const answers = given.get(asked) ?? answersTo(question.name, question.type);
    given.set(asked, answers);
    const isKnown = zones.has(question.name.toLowerCase());
    const isBroken = zones.get(question.name.toLowerCase())?.broken === question.type;
    // RD and RA; SERVFAIL is 2, NXDOMAIN is 3.
    const flags = 0x0180 | (isBroken ? 2 : isKnown ? 0 : 3);
    socket.send(encode({ type: 'response', id: query.id ?? 0, flags, questions: [question], answers }), port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return { address: `127.0.0.1:${socket.address().port}`, zones, close: () => socket.close() };
}
