import { html, nothing, type TemplateResult } from 'lit';
import type { Activity, CommandPanel, RunState } from '../../model/activity.ts';
import type { CutItem, MessageItem } from '../../protocol/panel.ts';
import { strings } from '../strings.ts';
import { terminalText } from '../terminalText.ts';
import { duration } from '../times.ts';
import { icon, type IconName } from './controls.ts';
import './cutText.ts';
import type { Post } from './light.ts';

const ICONS: Readonly<Record<RunState, IconName>> = {
  running: 'loading',
  done: 'check',
  error: 'error',
  interrupted: 'circle-slash',
};

/** What was done for a reply, folded under it: steps first, then the commands with their output. */
export function steps(message: MessageItem, post: Post): TemplateResult | typeof nothing {
  const { activities, commands, cuts = [] } = message;
  const cutOf = (part: CutItem['part'], id: string): CutItem | undefined =>
    cuts.find((cut) => cut.part === part && cut.partId === id);
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
            ${activities.map((activity) => step(activity, cutOf('detail', activity.id), post))}
          </ul>`
        : nothing
    }
    ${commands.map((panel) => command(panel, cutOf('output', panel.id), post))}
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

function step(activity: Activity, cut: CutItem | undefined, post: Post): TemplateResult {
  const { label, detail } = activity;
  return html`<li class="step">
    ${state(activity.status)}
    <span class="step-label">${label}</span>
    ${activity.filePath ? html`<code class="path">${activity.filePath}</code>` : nothing}
    ${detail ? (cut ? cutText(detail, cut, label, post) : html`<div class="step-detail">${detail}</div>`) : nothing}
  </li>`;
}

function command(panel: CommandPanel, cut: CutItem | undefined, post: Post): TemplateResult {
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
    ${output(panel, cut, post)} ${panel.truncated ? html`<p class="muted">${strings.truncated}</p>` : nothing}
  </div>`;
}

function output(panel: CommandPanel, cut: CutItem | undefined, post: Post): TemplateResult {
  const label = strings.commandOutput(panel.command);
  if (cut) return cutText(panel.output, cut, label, post);
  if (panel.output === '') return html`<p class="muted no-output">${strings.noOutput}</p>`;
  return html`<pre class="output" tabindex="0" role="region" aria-label=${label}>
${terminalText(panel.output)}</pre>`;
}

function cutText(beginning: string, cut: CutItem, label: string, post: Post): TemplateResult {
  return html`<navi-cut-text
    .beginning=${beginning}
    .cut=${cut}
    .label=${label}
    .post=${post}
  ></navi-cut-text>`;
}
