import { html, nothing, type TemplateResult } from 'lit';
import type { Activity, CommandPanel, RunState } from '../../model/activity.ts';
import type { MessageItem } from '../../protocol/panel.ts';
import { strings } from '../strings.ts';
import { terminalText } from '../terminalText.ts';
import { duration } from '../times.ts';
import { icon, type IconName } from './controls.ts';

const ICONS: Readonly<Record<RunState, IconName>> = {
  running: 'loading',
  done: 'check',
  error: 'error',
  interrupted: 'circle-slash',
};

/** What was done for a reply, folded under it: steps first, then the commands with their output. */
export function steps(message: MessageItem): TemplateResult | typeof nothing {
  const { activities, commands } = message;
  if (activities.length === 0 && commands.length === 0) return nothing;
  const states = [...activities, ...commands].map((item) => item.status);
  return html`<details class="steps">
    <summary>
      ${icon('chevron-right')}
      <span>${summary(activities.length, commands.length)}</span>
      ${state(worst(states))}
      <span class="current">${running(activities, commands)}</span>
    </summary>
    ${
      activities.length > 0
        ? html`<ul>
            ${activities.map(step)}
          </ul>`
        : nothing
    }
    ${commands.map(command)}
  </details>`;
}

function summary(stepCount: number, commandCount: number): string {
  return [
    ...(stepCount > 0 ? [strings.steps(stepCount)] : []),
    ...(commandCount > 0 ? [strings.commands(commandCount)] : []),
  ].join(', ');
}

/** The one thing worth knowing without unfolding. */
function worst(states: readonly RunState[]): RunState {
  const order: readonly RunState[] = ['running', 'error', 'interrupted'];
  return order.find((candidate) => states.includes(candidate)) ?? 'done';
}

function running(activities: readonly Activity[], commands: readonly CommandPanel[]): string {
  const activity = activities.findLast((item) => item.status === 'running');
  return activity?.label ?? commands.findLast((item) => item.status === 'running')?.command ?? '';
}

function state(status: RunState): TemplateResult {
  return html`<span class="state ${status}" title=${strings.runState[status]}
    >${icon(ICONS[status])}<span class="sr-only">${strings.runState[status]}</span></span
  >`;
}

function step(activity: Activity): TemplateResult {
  return html`<li class="step">
    ${state(activity.status)}
    <span class="step-label">${activity.label}</span>
    ${activity.filePath ? html`<code class="path">${activity.filePath}</code>` : nothing}
    ${activity.detail ? html`<div class="step-detail">${activity.detail}</div>` : nothing}
  </li>`;
}

function command(panel: CommandPanel): TemplateResult {
  const { exitCode, durationMs } = panel;
  const facts = [
    ...(exitCode === undefined ? [] : [strings.exitCode(exitCode)]),
    ...(durationMs === undefined ? [] : [duration(durationMs)]),
  ];
  return html`<div class="command">
    <div class="command-bar">
      ${state(panel.status)}
      <code title=${panel.cwd ?? nothing}>${panel.command}</code>
      <span class="muted facts">${facts.join(', ')}</span>
    </div>
    ${
      panel.output === ''
        ? html`<p class="muted no-output">${strings.noOutput}</p>`
        : html`<pre
            class="output"
            tabindex="0"
            role="region"
            aria-label=${strings.commandOutput(panel.command)}
          >
${terminalText(panel.output)}</pre>`
    }
    ${panel.truncated ? html`<p class="muted">${strings.truncated}</p>` : nothing}
  </div>`;
}
