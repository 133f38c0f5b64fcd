// Every command in README.md and docs/ runs. Long ones are given less to do (kLess); what is only
// mentioned, such as `assay inspect MODEL`, must name a command and options that exist.
//
// ROOT and BUILD are the folders of sources and build, WORK one to run in.

import { test } from 'node:test';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { documentedCommands } from './commands.mjs';

const { ROOT, BUILD, WORK, ASSAY_PUBLISHED } = process.env;

// This test is part of what tools/test runs, and the browser's modules are there when it runs.
const kElsewhere = /^(tools\/test|npm ci|node tests\/tools\/page)/;

const kLess = {
  train: { '--steps': 40 },
  derive: { '--inputs': 4000 },
  discover: { '--inputs': 64 },
  measure: { '--inputs': 64 },
  compare: { '--inputs': 2 },
  'mutate --table': { '--inputs': 2048 },
  'validate --under': { '--inputs': 4000 },
};

/** A command with the options of kLess in place of its own. The README's network is trained in full,
 * and a sweep says itself how many steps it takes. */
function shortened(command) {
  if (command.includes('--preset demo --out') || command.includes('--sweep')) return command;
  for (const [key, options] of Object.entries(kLess)) {
    const [name, only] = key.split(' ');
    if (!command.startsWith(`assay ${name} `) || (only && !command.includes(only))) continue;
    for (const [option, value] of Object.entries(options))
      command = `${command.replace(new RegExp(` ${option} \\S+`), '')} ${option} ${value}`;
  }
  if (command.startsWith('tools/benchmark')) command += ' --quick';
  return command;
}

function run(command) {
  const folder = command.startsWith('tools/') || command.startsWith('doxygen') ? ROOT : WORK;
  const env = { ...process.env, PATH: `${BUILD}${delimiter}${process.env.PATH}`, MANPAGER: 'cat' };
  return spawnSync('bash', ['-c', command], { cwd: folder, env, encoding: 'utf8' });
}

function prepare() {
  rmSync(WORK, { recursive: true, force: true });
  mkdirSync(join(WORK, 'runs'), { recursive: true });
  for (const name of ['tasks', 'tools', 'docs']) symlinkSync(join(ROOT, name), join(WORK, name));
  symlinkSync(BUILD, join(WORK, 'build'));
  if (ASSAY_PUBLISHED)
    symlinkSync(join(ASSAY_PUBLISHED, 'sat2_published', '900.pth'), join(WORK, '900.pth'));
}

/** Options before the command, such as `--load FILE`, are those of assay itself. */
function checkMention(mention) {
  const [before] = mention.match(/^assay( --load \S+)*/);
  const words = `assay${mention.slice(before.length)}`.split(/\s+/);
  if (!/^[a-z]/.test(words[1] ?? '')) words.splice(1, 0, '');
  for (const option of before.split(/\s+/).filter((word) => word.startsWith('--')))
    assert.ok(run('assay --help').stdout.includes(option), `assay has no ${option}`);
  const ofTasks = ['train', 'derive'].includes(words[1]) && words.length > 2;
  const task = /^[a-z]/.test(words[2] ?? '') ? words[2] : 'two-sat';
  const help = run(`assay ${words[1]} ${ofTasks ? task : ''} --help`);
  assert.equal(help.status, 0, help.stderr);
  for (const option of words.filter((word) => word.startsWith('--')))
    assert.ok(help.stdout.includes(option), `assay ${words[1]} has no ${option}`);
}

prepare();
const seen = new Set();
for (const { where, command, complete } of documentedCommands(ROOT)) {
  if (seen.has(command + complete) || kElsewhere.test(command) || command.startsWith('export ')) continue;
  seen.add(command + complete);
  const needsPublished = /\bpublished\b|900\.pth/.test(command) && !ASSAY_PUBLISHED;
  test(`${where} ${command}`, { skip: needsPublished && 'ASSAY_PUBLISHED is not set' }, () => {
    if (!complete) {
      if (command.startsWith('assay ')) checkMention(command);
      return;
    }
    const { status, stdout, stderr } = run(shortened(command));
    const verdict = /^assay (validate|prove|attack) /.test(command) && (status === 1 || status === 3);
    assert.ok(status === 0 || verdict, `exit code ${status}\n${stdout.slice(-2000)}\n${stderr.slice(-2000)}`);
  });
}
test('there are commands', () => assert.ok(seen.size > 40, `${seen.size}`));
