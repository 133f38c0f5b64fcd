// The commands that README.md and docs/*.md show, in order.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const kStarts = /^(assay|assay-check|tools\/\w+|build\/[\w/]+|cmake|doxygen|mkdir|cp|sed|echo|export|man|npm|node \S+\.mjs) /;

/** Lines of indented code that begin with a command, with what follows a backslash at their end. */
function commandsOfBlocks(lines) {
  const commands = [];
  for (let i = 0; i < lines.length; ++i) {
    if (!lines[i].startsWith('    ')) continue;
    let command = lines[i].trim();
    while (command.endsWith('\\')) command = `${command.slice(0, -1)}${lines[++i].trim()}`;
    if (kStarts.test(`${command} `)) commands.push({ line: i, command });
  }
  return commands;
}

/** `assay …` within text: in tables whole commands, in sentences often the first words of one. */
function commandsOfText(lines) {
  const commands = [];
  lines.forEach((text, line) => {
    if (text.startsWith('    ')) return;
    for (const [, command] of text.matchAll(/`([^`]+)`/g))
      if (kStarts.test(`${command} `)) commands.push({ line, command, mentioned: !text.startsWith('|') || command.split(' ').length < 3 });
  });
  return commands;
}

/** Stands for something: `…`, or a name in capitals such as MODEL. */
const isPattern = (command) =>
  command.includes('…') || /(^|\s)[A-Z][A-Z_]+(\s|$)/.test(command.replace(/"[^"]*"/g, ''));

/**
 * [{where: 'docs/circuits.md:7', command, complete}]; what is not complete can be looked at, not run.
 * @param root  of the sources.
 */
export function documentedCommands(root) {
  const files = ['README.md', 'docs/tutorial.md'];
  for (const name of readdirSync(join(root, 'docs')).sort())
    if (name.endsWith('.md') && !files.includes(`docs/${name}`)) files.push(`docs/${name}`);
  return files.flatMap((file) => {
    const lines = readFileSync(join(root, file), 'utf8').split('\n');
    return [...commandsOfBlocks(lines), ...commandsOfText(lines)]
      .sort((a, b) => a.line - b.line)
      .map(({ line, command, mentioned }) => ({
        where: `${file}:${line + 1}`,
        command,
        complete: !mentioned && !isPattern(command),
      }));
  });
}
