import v8 from 'node:v8';

// Most code of a test file runs a few times: to optimise it costs more than it saves. An engine that does not know the setting
// lets it be.
v8.setFlagsFromString('--interrupt-budget=1000000');
