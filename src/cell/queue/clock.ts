import { Redis } from 'ioredis';
import { Client } from 'pg';
import { UserError } from '../../error.ts';

/** A worker holds its cell for seconds at a time, by its own clock. */
const MOST_SKEW_MS = 5000;

/**
 * Refuses a machine whose clock differs from that of the server.
 *
 * @param askTime the time of the server, in milliseconds since 1970
 * @throws UserError
 */
export async function requireSameClock(place: string, askTime: () => Promise<number>): Promise<void> {
  const before = Date.now();
  const server = await askTime();
  // The server answered between these two moments.
  const ahead = before - server;
  const behind = server - Date.now();
  const skew = Math.max(ahead, behind);
  if (skew <= MOST_SKEW_MS) return;
  const side = ahead > 0 ? 'ahead of' : 'behind';
  throw new UserError(
    `${place}: the clock of this machine is ${Math.round(skew / 1000)} s ${side} that of the server`,
    { remedy: 'set it, for example with NTP' },
  );
}

export async function timeOfRedis(url: string): Promise<number> {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: null });
  let trouble: Error | undefined;
  // Without a listener, errors of a connection would end the process.
  client.on('error', error => {
    trouble = error;
  });
  try {
    await client.connect().catch(error => {
      throw trouble ?? error;
    });
    const [seconds, microseconds] = await client.time();
    return Number(seconds) * 1000 + Number(microseconds) / 1000;
  } finally {
    client.disconnect();
  }
}

export async function timeOfPostgres(connectionString: string): Promise<number> {
  const client = new Client({ connectionString });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query('SELECT extract(epoch FROM clock_timestamp()) * 1000 AS now');
    return Number(rows[0].now);
  } finally {
    await client.end();
  }
}
