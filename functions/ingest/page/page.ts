import { facts } from './facts.ts';
import { follow } from './follow.ts';
import { orderForm } from './order.ts';

document.documentElement.classList.add('js');

const job = new URLSearchParams(location.search).get('job');
if (job) follow(job);
else
  orderForm((accepted) => {
    // In the URL, so that reloading and sharing lead to the same prints.
    history.pushState(null, '', `${facts.prefix}/?job=${accepted}`);
    addEventListener('popstate', () => location.reload());
    follow(accepted);
  });
