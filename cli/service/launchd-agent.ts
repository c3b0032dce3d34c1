/** The parts of an agent. */
export interface LaunchdAgentParts {
  program: readonly [string, ...string[]];
  serveFlags: readonly string[];
  searchPath: string;
  home: string;
  /** Seconds after which the end of the server is forced. */
  stopSeconds: number;
}

/** The agent of a user: it runs while that user is logged in. */
export function launchdAgent({ program, serveFlags, searchPath, home, stopSeconds }: LaunchdAgentParts): string {
  const words = [...program, 'serve', '--log-level', 'warn', ...serveFlags].map(
    (word) => `    <string>${text(word)}</string>\n`,
  );
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<!-- Made by: llamactl serve, option print-unit, launchd. docs/services.md says more. -->
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>local.llamactl</string>
  <key>ProgramArguments</key>
  <array>
${words.join('')}  </array>
  <key>EnvironmentVariables</key>
  <dict>
    <key>PATH</key>
    <string>${text(searchPath)}</string>
  </dict>
  <key>RunAtLoad</key>
  <true/>
  <!-- Started again when it failed, not when it was told to end. -->
  <key>KeepAlive</key>
  <dict>
    <key>SuccessfulExit</key>
    <false/>
  </dict>
  <!-- Engines outlive the server. -->
  <key>AbandonProcessGroup</key>
  <true/>
  <!-- Else engines would inherit less processor and disk time. -->
  <key>ProcessType</key>
  <string>Interactive</string>
  <!-- Seconds; above instances.stop_timeout, which counts with stop-engines. -->
  <key>ExitTimeOut</key>
  <integer>${stopSeconds}</integer>
  <key>SoftResourceLimits</key>
  <dict>
    <key>NumberOfFiles</key>
    <integer>65536</integer>
  </dict>
  <!-- 077, in decimal. -->
  <key>Umask</key>
  <integer>63</integer>
  <!-- Warnings only: nothing rotates it. -->
  <key>StandardErrorPath</key>
  <string>${text(home)}/Library/Logs/llamactl.log</string>
</dict>
</plist>
`;
}

function text(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
