// Mocha's usual report, and the counts for the summary of `npm test`. CommonJS, because mocha wants the class itself.
const { reporters, Runner } = require('mocha');
const { reportTally } = require('./tally.ts');

module.exports = class extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    runner.once(Runner.constants.EVENT_RUN_END, () => reportTally(runner.stats));
  }
};
