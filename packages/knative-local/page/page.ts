import { throttle } from './dom.ts';
import { createCharts } from './charts.ts';
import { createEventDialog } from './event.ts';
import { createKnownEvents } from './known-events.ts';
import { createDeadLetterList } from './dead-letters.ts';
import { createList } from './list.ts';
import { listen } from './live.ts';
import { createMap } from './map.ts';
import { createProcesses } from './processes.ts';
import { createSendForm } from './send.ts';
import { ask, complain } from './server.ts';
import { setUpTabs } from './tabs.ts';
import { createTimeline } from './timeline.ts';
import { createTraffic } from './traffic.ts';
import type { TopologyView } from '../src/console/view.ts';

const map = createMap();
const send = createSendForm();
const timeline = createTimeline(createEventDialog(send.fill));
const deadLetters = createDeadLetterList(timeline.open);
const events = createKnownEvents(createList(timeline.open), map.light);
const parts = [map.draw, createTraffic(), createProcesses(), send.brokers];
const charts = createCharts();
const reload = throttle(2000, () => {
  events.reload();
  timeline.refresh();
});

function take(view: TopologyView): void {
  for (const part of parts) part(view);
}

setUpTabs();
listen({
  begin() {
    reload();
    charts.begin();
    ask<TopologyView>('topology').then(take).catch(complain);
  },
  events(summaries) {
    events.take(summaries);
    timeline.refresh(summaries);
    deadLetters.refresh();
  },
  flood() {
    events.skim();
    timeline.refresh();
    deadLetters.refresh();
  },
  topology: take,
});
