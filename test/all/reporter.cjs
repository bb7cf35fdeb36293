// Mocha's usual report, and the counts for the summary of `npm test`. CommonJS, because mocha wants the class itself.
const { reporters } = require('mocha');
const { tallyRun } = require('./tally.ts');

module.exports = class extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    tallyRun(runner);
  }
};
