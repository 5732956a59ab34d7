// Runs command lines of the build one after the other, in one process: it is loaded once.
const main = process.argv[2];
const environment = { ...process.env };
const events = ['SIGINT', 'SIGTERM', 'SIGXFSZ', 'uncaughtException'];

/** What a stream gets while `work` runs. */
async function capture(stream, work) {
  let text = '';
  const { write } = stream;
  stream.write = (chunk, ...rest) => {
    text += chunk;
    rest.findLast(each => typeof each === 'function')?.();
    return true;
  };
  try {
    await work();
  } finally {
    stream.write = write;
  }
  return text;
}

let count = 0;
process.on('message', async ({ args, cwd, env }) => {
  process.argv = [process.argv[0], main, ...args];
  process.chdir(cwd);
  Object.assign(process.env, env);
  let [stdout, stderr] = ['', ''];
  stdout = await capture(process.stdout, async () => {
    // The file of the command line alone is loaded again, which performs the command.
    stderr = await capture(process.stderr, () => import(`${main}?${count++}`));
  });
  for (const event of events) process.removeAllListeners(event);
  process.stdout.removeAllListeners('error');
  for (const name of Object.keys(env)) delete process.env[name];
  Object.assign(process.env, environment);
  const exitCode = process.exitCode ?? 0;
  process.exitCode = undefined;
  process.send({ stdout, stderr, exitCode });
});
