import type { Scenario } from '../scenario.js';

const manyPages: Scenario = {
  name: 'many-pages',
  what: 'a mailing of more clients than are planned at once, whose planners are killed at random',
  quick: false,
  async run(stage) {
    await stage.behave({ latencyMs: 2 });
    await stage.load.clients(20_600, { tags: ['many'] });
    await stage.load.mailing({ audience: { tags: ['many'] } });
    for (const planner of stage.random.shuffle(stage.world.dispatchers)) {
      await stage.pass(stage.random.between(0, 500));
      await planner.kill();
      await planner.start();
    }
  },
};

const audiences: Scenario = {
  name: 'audiences',
  what: 'mailings to every kind of audience at once, held against a plain filter',
  quick: false,
  async run(stage) {
    const { load } = stage;
    const timezones = ['Europe/Moscow', 'Asia/Kolkata', 'America/New_York'];
    await load.clients(600, { tags: ['a', 'b'], timezones, operatorCodes: ['901', '902', '903', '904'] });
    await load.clients(600, { tags: ['b', 'c'], timezones });
    await load.clients(600, { timezones: ['UTC'] });
    for (const audience of [
      {},
      { tags: ['a'] },
      { tags: ['a', 'c'], excludeTags: ['b'] },
      { excludeTags: ['c'] },
      { timezones: ['UTC', 'Asia/Kolkata'] },
      { operatorCodes: ['902', '903'], tags: ['b'], timezones: ['Europe/Moscow'] },
      { tags: ['nobody'] },
    ]) {
      await load.mailing({ audience });
    }
  },
};

export const planning = [manyPages, audiences];
