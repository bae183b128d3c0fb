import ora from 'ora';
import colors from 'picocolors';
import type { Journey, Stage } from './journey.js';

/** Runs the stages in order, one line each: what, figures, duration. */
export async function runStages(stages: readonly Stage[], journey: Omit<Journey, 'progress'>): Promise<void> {
  const width = Math.max(...stages.map((stage) => stage.title.length));
  for (const [place, stage] of stages.entries()) {
    const title = `${String(place + 1).padStart(2)} ${stage.title.padEnd(width)}`;
    const spinner = ora({ text: title, isSilent: process.stdout.isTTY !== true, stream: process.stdout }).start();
    const started = performance.now();
    try {
      const figures = await stage.run({
        ...journey,
        progress: (text) => {
          spinner.text = `${title}  ${colors.dim(text)}`;
        },
      });
      spinner.stop();
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      process.stdout.write(`${colors.green('✓')} ${title}  ${figures} ${colors.dim(`(${seconds} s)`)}\n`);
    } catch (error) {
      spinner.stop();
      process.stdout.write(`${colors.red('✗')} ${title}\n`);
      throw error;
    }
  }
}
