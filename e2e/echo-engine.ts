/**
 * An engine that takes every WebSocket, and sends back each byte of it. `node echo-engine.ts PORT`
 *
 * It agrees in order, to the first subprotocol that is offered; `/open` tells how many there are.
 */
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';

/** That of RFC 6455. */
const SALT = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
let open = 0;

createServer((request, response) => response.end(request.url === '/open' ? String(open) : '{}'))
  .on('upgrade', (request, socket, head) => {
    const key = request.headers['sec-websocket-key'] ?? '';
    const accept = createHash('sha1')
      .update(key + SALT)
      .digest('base64');
    const [protocol] = (request.headers['sec-websocket-protocol'] ?? '').split(',');
    const lines = ['Upgrade: websocket', 'Connection: Upgrade', `Sec-WebSocket-Accept: ${accept}`];
    socket.write(
      ['HTTP/1.1 101 Switching Protocols', ...lines, `Sec-WebSocket-Protocol: ${protocol}`, '', ''].join('\r\n'),
    );
    open += 1;
    socket.on('error', () => socket.destroy()).on('close', () => (open -= 1));
    socket.write(head);
    socket.pipe(socket);
  })
  .listen(Number(process.argv[2]), '127.0.0.1');
