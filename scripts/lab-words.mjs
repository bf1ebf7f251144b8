// The texts of the pages of docs/lab around those of the experiments, in both languages.

export const PAGE_WORDS = {
  en: {
    other: '[한국어](FILE.ko.md)',
    course: 'The laboratory',
    nth: (n, all) => `Experiment ${n} of ${all}`,
    watch: 'What to look at',
    recorded: 'What was recorded',
    recording: (run, file) =>
      `A real run, ${run}. Times count from the start of the scene; see [how to read a drawing](README.md#how-to-read-a-drawing). To watch it: \`hopwise lab replay ${file}\`.`,
    run: ({ runtime, platform, date, scale, knobs }) =>
      `recorded on ${date} with ${runtime} on ${platform}, ${scale === 1 ? 'in real time' : `with every wait multiplied by ${scale}`}${knobs && `, with ${knobs}`}`,
    more: n => (n === 1 ? 'One more scene' : `${n} more scenes`),
    words: 'The same in words',
    happened: 'What happened',
    right: (letter, text) => `**${letter}** is right: “${text}”.`,
    measured: 'measured',
    scene: 'scene',
    teaches: 'What it teaches',
    change: 'Change one thing',
    name: 'name',
    what: 'what',
    values: 'values',
    standard: 'default',
    range: (min, max) => `${min} to ${max}`,
    references: 'References',
    before: 'Previous',
    after: 'Next',
    unit: { ms: ' ms', s: ' s', bytes: ' bytes', count: '' },
    impossible: why =>
      `There is no recording of this experiment: the machine that made these pages does not allow it. ${why}`,
    missing: 'There is no recording of this experiment: the machine on which these pages were made does not allow it.',
  },
  ko: {
    other: '[English](FILE.md)',
    course: '실험실',
    nth: (n, all) => `실험 ${n}/${all}`,
    watch: '눈여겨볼 것',
    recorded: '기록된 실행',
    recording: (run, file) =>
      `실제로 실행하여 기록한 것이다(${run}). 시간은 각 장면이 시작된 때부터 센다. [그림 읽는 법](README.ko.md#그림-읽는-법). 일어나는 대로 다시 보려면: \`hopwise lab replay ${file} --lang ko\``,
    run: ({ runtime, platform, date, scale, knobs }) =>
      `${date}, ${runtime}, ${platform}, ${scale === 1 ? '실제 시간' : `모든 대기 시간 ×${scale}`}${knobs && `, ${knobs}`}`,
    more: n => `장면 ${n}개 더 보기`,
    words: '글로 읽기',
    happened: '무슨 일이 일어났는가',
    right: (letter, text) => `정답은 **${letter}**: “${text}”`,
    measured: '측정값',
    scene: '장면',
    teaches: '무엇을 배우는가',
    change: '하나를 바꾸어 보기',
    name: '이름',
    what: '뜻',
    values: '값',
    standard: '기본값',
    range: (min, max) => `${min}–${max}`,
    references: '참고 문헌',
    before: '이전 실험',
    after: '다음 실험',
    unit: { ms: 'ms', s: '초', bytes: '바이트', count: '' },
    missing: '이 실험의 기록은 없다. 이 문서를 만든 컴퓨터에서는 실행할 수 없었다.',
  },
}

/** The index of the course, around its table. */
export const INDEX_WORDS = {
  en: {
    title: 'The laboratory',
    other: '[한국어](README.ko.md)',
    head: ['', 'experiment', 'in the terminal', 'the question'],
    words: 'Words',
    wordsHead: ['English', '한국어', 'shown by'],
    intro: `How HTTP connections live and die, on real sockets: every experiment really runs. Each one asks a question, opens a client, a proxy and an origin on loopback, measures its times on the
wire, shows the bytes, and ends with a verdict that it has checked itself. The pages below describe what was seen in a recorded run, so you can read them without running
anything. But it is better to guess first, run the experiment, change one thing and run it again.`,
    outro: `Then [write your own proxy](exercises.md), in any language: a first version is given, and a check takes it through four more levels and says what is still wrong.

## In the page

\`\`\`sh
npm run lab
\`\`\`

installs and builds what is needed and opens the laboratory on <http://127.0.0.1:8090/>; \`hopwise lab serve\` does the same. The page runs every experiment on real sockets of the server and
shows it live: guess, run, stop, go back step by step, look at the bytes, change something. On its *workbench* you choose a client, up to three proxies and an origin, send requests, and see
what happens to them. You can also open a recording there.

## In the terminal

Type these commands in a clone of the repository, after \`alias hopwise="node $PWD/dist/bin/hopwise.js"\`.

\`\`\`sh
hopwise lab                                  # the list of experiments
hopwise lab hang                             # the question, then the run
hopwise lab hang --transcript                # what the client sees, as telnet would show it
hopwise lab hang --set timeout=10            # with one setting changed
hopwise lab hang --scale 0.2                 # every wait takes a fifth of its time
hopwise lab hang --save hang.jsonl           # saves the recording
hopwise lab replay hang.jsonl                # shows it again
hopwise lab hang --json                      # the events, one line each
hopwise lab --all                            # all experiments, in a tenth of the time
\`\`\`

\`--lang en\` and \`--lang ko\` choose the language, \`--yes\` skips the question. The exit code is the result:

| code | means |
| --- | --- |
| 0 | the effect was observed |
| 1 | the effect was not observed |
| 3 | this machine does not allow the experiment, or it was too busy for the effect to be seen; the last line says why |

## How to read a drawing

Time runs from top to bottom, and each party has a line. Long times without an event are cut out, and their length is written there.

| in the drawing | means |
| --- | --- |
| dotted line | this party can do nothing until another one does something |
| <kbd>hang</kbd>, with two arrows | these parties wait for one another: none of them can go on |
| *caught* | waits for a party that is part of such a circle |
| field with ✗ | is about this one connection: it must end at the next party |
| field with !, on a dark background | was passed on although it should have ended |
| field with ✓ | may go on, or was written for this connection |
| field with ⇄ | the next party replaces it with its own |
| field with − | makes the next party refuse the message |
| dashed arrow, FIN | this side sends no more data |

## Recordings

The files in [recordings](recordings) are the runs of these pages, with one line of JSON for each event; the content of large messages is cut there, but their size is given in full. \`npm run lab:figures\`
runs all experiments again and writes recordings, drawings and pages; an effect that was not observed is not written.
`,
  },
  ko: {
    title: '실험실',
    other: '[English](README.md)',
    head: ['', '실험', '터미널에서', '질문'],
    words: '용어',
    wordsHead: ['한국어', 'English', '실험'],
    intro: `HTTP 커넥션이 어떻게 살고 어떻게 끝나는지를 실제 소켓으로 보여 준다. 그림만 있는 실험은 없다. 각 실험은 질문을 하나 던지고, 클라이언트와 프록시와 원 서버를 루프백에 연다. 시간은
실제로 오간 바이트에서 재고, 그 바이트를 보여 주며, 스스로 확인한 판정으로 끝난다. 아래 문서는 기록된 실행에서 본 것을 설명하므로 아무것도 실행하지 않고 읽을 수 있다. 하지만 먼저
예상하고, 실행하고, 하나를 바꾸어 다시 실행해 보는 편이 더 좋다.`,
    outro: `그다음에는 [프록시를 직접 작성해 보라](exercises.ko.md). 첫 프록시가 주어지고, 거기서 네 단계를 더 나아간다. 어떤 언어를 써도 좋으며, 아직 무엇이 틀렸는지는 검사가 알려 준다.

## 웹 페이지에서

\`\`\`sh
npm run lab
\`\`\`

필요한 것을 설치하고 빌드한 뒤 <http://127.0.0.1:8090/> 주소에 실험실을 연다. \`hopwise lab serve\` 명령도 같다. 페이지는 모든 실험을 서버의 실제 소켓에서 실행하고, 일어나는 대로
보여 준다. 예상하고, 실행하고, 멈추고, 한 단계씩 되돌아가고, 바이트를 들여다보고, 무언가를 바꾸어 보라. *작업대*에서는 클라이언트, 최대 세 개의 프록시, 원 서버를 고르고 요청을 보내
결과를 볼 수 있다. 기록 파일도 그곳에서 열 수 있다.

## 터미널에서

명령은 저장소를 복제한 폴더에서 \`alias hopwise="node $PWD/dist/bin/hopwise.js"\`를 실행한 뒤 입력한다.

\`\`\`sh
hopwise lab --lang ko                        # 실험 목록
hopwise lab hang --lang ko                   # 질문, 그다음 실행
hopwise lab hang --transcript --lang ko      # 클라이언트가 보는 것을 telnet처럼
hopwise lab hang --set timeout=10            # 하나를 바꾸어서
hopwise lab hang --scale 0.2                 # 모든 대기 시간을 5분의 1로
hopwise lab hang --save hang.jsonl           # 기록을 저장한다
hopwise lab replay hang.jsonl --lang ko      # 기록을 다시 본다
hopwise lab hang --json                      # 이벤트를 한 줄에 하나씩
hopwise lab --all                            # 모든 실험을 10분의 1 시간으로
\`\`\`

언어는 \`--lang en\`과 \`--lang ko\`로 고르고, \`--yes\`는 질문을 생략한다. 종료 코드는 결과를 말한다.

| 코드 | 뜻 |
| --- | --- |
| 0 | 효과가 관찰되었다 |
| 1 | 관찰되지 않았다 |
| 3 | 이 컴퓨터에서는 할 수 없는 실험이거나, 재어 보니 컴퓨터가 너무 바빠서 효과를 확인할 수 없었다. 이유는 마지막 줄에 있다 |

## 그림 읽는 법

시간은 위에서 아래로 흐르고, 당사자마다 선이 하나씩 있다. 오랫동안 아무 일도 없는 구간은 잘라 내고 그 길이를 적는다.

| 그림에서 | 뜻 |
| --- | --- |
| 점선 | 다른 당사자가 움직이기 전에는 아무것도 할 수 없다 |
| <kbd>멈춤</kbd>과 화살표 두 개 | 서로를 기다린다. 누구도 스스로 나아갈 수 없다 |
| *붙잡힘* | 그런 순환에 들어 있는 당사자를 기다린다 |
| ✗ 표시 헤더 | 이 커넥션에 대해서만 말한다. 다음 당사자에서 끝나야 한다 |
| 어두운 바탕에 ! 표시 헤더 | 끝났어야 하는데 전달되었다 |
| ✓ 표시 헤더 | 계속 가도 되거나, 이 커넥션을 위해 만들어졌다 |
| ⇄ 표시 헤더 | 다음 당사자가 자신의 것으로 바꾼다 |
| − 표시 헤더 | 다음 당사자가 이 메시지를 거부한다 |
| 파선 화살표, FIN | 이쪽은 더 보내지 않는다 |

## 기록

[recordings](recordings)의 파일은 이 문서에 나오는 실행이며, 이벤트 하나가 JSON 한 줄이다. 큰 메시지의 내용은 잘라 내고 크기는 그대로 두었다. \`npm run lab:figures\`는 모든 실험을 다시
실행하여 기록, 그림, 문서를 새로 만든다. 관찰되지 않은 것은 쓰지 않는다.
`,
  },
}

/** Terms of the course: in English, in Korean, and the experiment that shows what they mean. */
export const GLOSSARY = [
  ['congestion window', '혼잡 윈도', 'handshake'],
  ['delayed ACK', '확인응답 지연', 'nagle'],
  ['dumb proxy', '멍청한 프록시', 'hang'],
  ['end to end', '종단간', 'websocket'],
  ['half close', '절반 끊기', 'close'],
  ['handshake', '핸드셰이크', 'handshake'],
  ['hop-by-hop', '홉별', 'nominated'],
  ['idempotent', '멱등', 'pipelining'],
  ['idle', '유휴', 'pool'],
  ['intermediary', '중개 서버', 'two-sides'],
  ['keep alive', '커넥션 유지', 'keep-alive'],
  ['multiplexed connection', '다중 커넥션', 'page-load'],
  ["Nagle's algorithm", '네이글 알고리즘', 'nagle'],
  ['origin server', '원 서버', 'connection'],
  ['parallel connections', '병렬 커넥션', 'page-load'],
  ['persistent connection', '지속 커넥션', 'persistent'],
  ['piggybacking', '편승', 'nagle'],
  ['pipelined connection', '파이프라인 커넥션', 'pipelining'],
  ['retransmission', '재전송', 'tcp-keepalive'],
  ['site locality', '사이트 지역성', 'page-load'],
  ['slow start', '느린 시작', 'handshake'],
  ['smart proxy', '똑똑한 프록시', 'two-proxies'],
  ['zombie connection', '좀비 커넥션', 'tcp-keepalive'],
]
