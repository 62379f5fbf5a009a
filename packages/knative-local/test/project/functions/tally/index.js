let heard = 0;

/** Counts greetings, and writes each to its log. */
const handle = async (_context, event) => {
  heard += 1;
  console.log(`number ${heard}: ${event.data.greeting}`);
};

module.exports = { handle };
