import { completionCases } from './completion-cases.ts';
import {
  everyCommand,
  optionWords,
  ownOptions,
  subcommandWords,
  type CompletedCommand,
  type Word,
} from './completion-tree.ts';

/** A completion script for fish 3.1 and newer. */
export function fishCompletion(program: CompletedCommand): string {
  const { steps, values, places } = completionCases(program);
  const commands = everyCommand(program);
  const words = (all: readonly Word[]): string =>
    all.map(({ word, text }) => `            echo ${quoted(`${word}\t${text}`)}`).join('\n');
  return `# fish completion of llamactl, made by: llamactl completion fish

# Where a word leads from a command.
function __llamactl_step
    switch "$argv[1]/$argv[2]"
${steps.map(({ path, words: names, next }) => `        case ${names.map((name) => quoted(`${path}/${name}`)).join(' ')}\n            echo ${quoted(next)}`).join('\n')}
        case '*'
            return 1
    end
end

# What the value of an option is; nothing when it has none.
function __llamactl_value
    switch "$argv[1]/$argv[2]"
${values.map(({ path, names, kind }) => `        case ${names.map((name) => quoted(`${path ?? '*'}/${name}`)).join(' ')}\n            echo ${quoted(kind)}`).join('\n')}
    end
end

# What stands behind a command at a place, counted from 0.
function __llamactl_place
    switch "$argv[1]/$argv[2]"
${places
  .flatMap(({ path, kinds, isVariadic }) =>
    kinds.map((kind, place) => {
      const isRepeated = isVariadic && place === kinds.length - 1;
      return `        case ${quoted(`${path}/${isRepeated ? '*' : place}`)}\n            echo ${quoted(kind)}`;
    }),
  )
  .join('\n')}
    end
end

function __llamactl_subcommands
    switch $argv[1]
${commands
  .filter(({ subcommands }) => subcommands.length > 0)
  .map((command) => `        case ${quoted(command.path)}\n${words(subcommandWords(command))}`)
  .join('\n')}
        case help
${words(subcommandWords(program))}
    end
end

function __llamactl_options
    switch $argv[1]
${commands
  .slice(1)
  .map((command) => `        case ${quoted(command.path)}\n${words(optionWords(ownOptions(command, program)))}`)
  .join('\n')}
    end
${words(optionWords(program.options)).replaceAll(/^ {8}/gm, '')}
end

function __llamactl_complete
    set -l typed (commandline -opc)
    set -l cur (commandline -ct)
    set -l program $typed[1]
    set -l at ''
    set -l kind ''
    set -l option ''
    set -l over ''
    set -l place 0
    set -l server
    set -l prefix ''
    for word in $typed[2..-1]
        if test -n "$kind"
            contains -- $option --url --context; and set -a server $option $word
            set kind ''
        else if test -n "$over"
            set place (math $place + 1)
        else if test "$word" = --
            set over 1
        else if string match -q -- '--*=*' $word
            string match -q -r -- '^--(url|context)=' $word; and set -a server $word
        else if string match -q -- '-*' $word
            set option $word
            set kind (__llamactl_value "$at" $word)
        else if test -z "$at" -a "$word" = help
            set at help
        else if set -l next (__llamactl_step "$at" $word)
            set at $next
        else
            set place (math $place + 1)
        end
    end
    if test -z "$kind" -a -z "$over"
        if string match -q -- '--*=*' $cur
            set prefix (string replace -r '=.*' '=' -- $cur)
            set kind (__llamactl_value "$at" (string replace -r '=.*' '' -- $cur))
            set cur (string replace -r '^[^=]*=' '' -- $cur)
        else if string match -q -- '-*' $cur
            __llamactl_options "$at"
            return
        end
    end
    if test -z "$kind" -a -z "$prefix"
        set -l below (__llamactl_subcommands "$at")
        if test (count $below) -gt 0
            printf '%s\\n' $below
            return
        end
        set kind (__llamactl_place "$at" $place)
    end
    switch "$kind"
        case '' none
        case 'choice *'
            printf "$prefix%s\\n" (string split ' ' -- $kind)[2..-1]
        case file
            printf "$prefix%s\\n" (__fish_complete_path $cur)
        case folder
            printf "$prefix%s\\n" (__fish_complete_directories $cur '')
        case instance-or-file
            printf "$prefix%s\\n" ($program $server completion words instance 2>/dev/null)
            printf "$prefix%s\\n" (__fish_complete_path $cur)
        case '*'
            printf "$prefix%s\\n" ($program $server completion words $kind 2>/dev/null)
    end
end

complete -c llamactl -f -a '(__llamactl_complete)'
`;
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", String.raw`\'`)}'`;
}
