import type { en } from '../en/editors.ts';

export const de = {
  names: { continue: 'Continue', zed: 'Zed', vsCode: 'VS Code', other: 'Andere', curl: 'curl' },
  hints: {
    continue: 'In ~/.continue/config.yaml:',
    zed: 'In settings.json. Zed liest den Schlüssel dort nicht: Fügen Sie ihn in den Einstellungen des Anbieters llamactl ein, oder setzen Sie LLAMACTL_API_KEY.',
    vsCode: 'Der Befehl „Chat: Open Language Models (JSON)“ öffnet die Datei dafür, ab VS Code 1.122:',
    other: 'Jedes Programm mit einem Anbieter, der die API von OpenAI spricht, braucht diese drei Werte:',
    curl: 'Damit stellen Sie eine erste Frage:',
  },
  noModel: 'NAME steht für den Namen einer Instanz.',
} satisfies typeof en;
