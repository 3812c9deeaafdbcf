//! What the reference server can do wrong.

use crate::reference::faults::faults;

faults! {
    // The response.
    Status201 "status-201" "The stream is answered with 201 instead of 200."
    ContentTypePlain "content-type-plain" "The stream is labelled text/plain."
    ContentTypeMissing "content-type-missing" "The stream has no Content-Type."
    CharsetLatin1 "charset-latin-1" "The Content-Type names charset iso-8859-1."
    AcceptRequired "accept-required" "A request without `Accept: text/event-stream` gets 406."
    OtherAcceptIs500 "other-accept-is-500" "A request that accepts application/json only gets 500."
    ChunkedForHttp10 "chunked-for-http-1.0" "An HTTP/1.0 request is answered in chunked coding."
    ContentLengthAndChunked "content-length-and-chunked" "The response has Content-Length beside Transfer-Encoding."

    // The stream.
    Latin1Payload "latin-1-payload" "Characters up to U+00FF are written as one byte."
    ByteOrderMarkPerEvent "byte-order-mark-per-event" "A byte order mark stands before every event."
    CapitalisedId "capitalised-id" "The id field is called `Id`."
    RetryWithUnit "retry-with-unit" "The reconnection time is written as `3000ms`."
    RetryZero "retry-zero" "The reconnection time is zero."
    RetryHuge "retry-huge" "The reconnection time has twenty digits."
    NoRetry "no-retry" "No reconnection time is sent."
    NulInId "nul-in-id" "Ids hold U+0000."
    IdWithTrailingSpace "id-with-trailing-space" "Ids end with a space."
    ConstantId "constant-id" "Every event has the id 0."
    PayloadWithoutPrefix "payload-without-prefix" "The lines of a payload are written without `data:`."
    EventWithoutData "event-without-data" "The stream opens with a block that has an event type and no data."
    UnterminatedLastBlock "unterminated-last-block" "At the end of the stream the last block is not closed by an empty line."
    EndDropsQueue "end-drops-queue" "What waits for a subscriber at the end of the stream is thrown away."
    NoLastChunk "no-last-chunk" "At the end of the stream the connection is dropped without the last chunk."
    RefusesAfterEnd "500-after-end" "Once streams were ended, every further request for one gets 500."

    // Delivery.
    HeadersHeld "headers-held" "The response's headers wait for the first event."
    OneBehind "one-behind" "An event is held until the next one."
    FlushesEveryTwoSeconds "flushes-every-two-seconds" "Events wait until two seconds are full."
    BlankLineLate "blank-line-late" "The empty line of a block is sent with the next block."
    DropsInBurst "drops-in-burst" "Every 16th event is lost."
    SwapsNeighbours "swaps-neighbours" "Every 10th event comes after its successor."
    GzipNotFlushed "gzip-not-flushed" "Compressed events stay in the compressor's buffer."
    BrotliNotFlushed "brotli-not-flushed" "Events compressed with Brotli stay in the compressor's buffer."
    ZstdNotFlushed "zstd-not-flushed" "Events compressed with Zstandard stay in the compressor's buffer."
    Http10Holds "http-1.0-holds" "To HTTP/1.0 an event is held until the next one."
    GzipAlways "gzip-always" "The stream is compressed although the client forbids it."
    NoHeartbeat "no-heartbeat" "A quiet stream carries no comments."
    HeartbeatEndsWithEvent "heartbeat-ends-with-event" "A stream carries no comments once it has carried an event."
    CutAfter30Seconds "cut-after-30-seconds" "A stream is cut off after 30 seconds."
    ProxyHolds "proxy-holds" "Behind the proxy an event is held until the next one."
    ProxyHoldsAll "proxy-holds-all" "Behind the proxy nothing comes before the end of the stream, which does not come."
    ProxyCompressorHolds "proxy-compressor-holds" "Behind the proxy a compressed event is held until the next one."
    ProxyHttp2Holds "proxy-http2-holds" "Behind the proxy and over HTTP/2 an event is held until the next one."
    ProxyRelabels "proxy-relabels" "Behind the proxy the stream is labelled text/plain."

    // HTTP/2.
    Http2ConnectionField "http2-connection-field" "Over HTTP/2 the response has a Connection field."
    Http2Relabels "http2-relabels" "Over HTTP/2 the stream is labelled text/plain."
    Http2IgnoresLastEventId "http2-ignores-last-event-id" "Over HTTP/2 a Last-Event-ID is ignored."
    Http2HeadHangs "http2-head-hangs" "Over HTTP/2 HEAD is never answered."
    Http2Holds "http2-holds" "Over HTTP/2 an event is held until the next one."

    // Answers that end with a marker.
    DoneNotClosed "done-not-closed" "No empty line closes the block of `data: [DONE]`."
    DoneIsNotLast "done-is-not-last" "An event follows `data: [DONE]`."

    // Redirects.
    RedirectNotForPages "redirect-not-for-pages" "A redirect to the stream allows no origin, though the stream does."

    // Methods.
    HeadHangs "head-hangs" "HEAD is never answered."
    OptionsHangs "options-hangs" "OPTIONS is never answered."
    HeadWithBody "head-with-body" "HEAD is answered with a body."
    HeadOtherHeaders "head-other-headers" "HEAD is answered with another Content-Type than GET."
    MethodNotAllowedWithoutAllow "405-without-allow" "405 comes without Allow."
    AnyMethodStreams "any-method-streams" "Every method is answered with the stream."

    // CORS and caching.
    AllowOriginList "allow-origin-list" "Access-Control-Allow-Origin holds a list."
    WildcardWithCredentials "wildcard-with-credentials" "Every origin is allowed by `*`, with credentials."
    ReflectsOriginWithCredentials "reflects-origin-with-credentials" "Whatever origin asks is allowed, with credentials."
    ReflectsOriginWithoutVary "reflects-origin-without-vary" "The origin that asks is allowed by name, without Vary."
    VaryOnlyWithOrigin "vary-only-with-origin" "The origin that asks is allowed by name, and only then is there Vary."
    CredentialsCapitalised "credentials-capitalised" "Credentials are allowed by `True`."
    PreflightWithoutLastEventId "preflight-without-last-event-id" "The preflight does not allow Last-Event-ID."
    PreflightRefused "preflight-refused" "The preflight gets 405."
    CodingWithoutVary "coding-without-vary" "The stream is compressed for those who accept it, without Vary."
    Cacheable "cacheable" "The stream may be stored by caches for an hour."
    EntityTag "entity-tag" "The stream has an entity tag, and a request that names one gets 304."

    // Last-Event-ID.
    UnknownIdIs500 "unknown-id-is-500" "An unknown Last-Event-ID gets 500."
    NonAsciiIdIs500 "non-ascii-id-is-500" "A Last-Event-ID with non-ASCII characters gets 500."
    LongIdHangsUp "long-id-hangs-up" "A long Last-Event-ID ends the connection without an answer."
    SpacedIdIs500 "spaced-id-is-500" "A Last-Event-ID with spaces gets 500."
    ControlIdIs500 "control-id-is-500" "A Last-Event-ID with control characters gets 500."
    EmptyIdIs500 "empty-id-is-500" "An empty Last-Event-ID gets 500."

    // Replay.
    ReplaysNothing "replays-nothing" "A known Last-Event-ID is ignored."
    ReplayIncludesKnown "replay-includes-known" "The replay starts with the event that the client has."
    ReplaySkipsOne "replay-skips-one" "The replay lacks its first event."
    ReplayReversed "replay-reversed" "The replay starts with the newest event."
    ReplayRenumbered "replay-renumbered" "Replayed events have new ids."
    HistoryNeedsSubscribers "history-needs-subscribers" "Events published while nobody listens are not kept."
    NewestIdReplaysAll "newest-id-replays-all" "The newest id brings the whole history."
    GapBetweenReplayAndLive "gap-between-replay-and-live" "Events published during a replay are lost."

    UnknownIdIsLive "unknown-id-is-live" "An id that was never given brings new events only."
    ExpiredIdIsLive "expired-id-is-live" "An id that is too old brings new events only."
    OldestIdUnknown "oldest-id-unknown" "The id of the oldest event that is kept counts as unknown."
    OneCursor "one-cursor" "While one client resumes, others resume from its id, too."
    IdReadAsLatin1 "id-read-as-latin-1" "A Last-Event-ID is read as ISO 8859-1."
    QueryIdIncludesKnown "query-id-includes-known" "With the id in the query the replay starts with the event that the client has."

    RestartForgets "restart-forgets" "A restart loses all events, and ids begin anew."

    // Several subscribers.
    IdsPerSubscriber "ids-per-subscriber" "Each subscriber sees ids of its own."
    OrderPerSubscriber "order-per-subscriber" "Every other subscriber gets pairs of events swapped."
    OneStreamOnly "one-stream-only" "A second subscriber is not answered while there is a first."
    SlowReaderStallsAll "slow-reader-stalls-all" "While one subscriber does not read, nobody gets events."
    SubscriptionsLeak "subscriptions-leak" "Closed connections keep their place; the 33rd subscriber gets 503."

    // The payload.
    LineFeedNotSplit "line-feed-not-split" "LF in a payload is written as it is."
    CarriageReturnNotSplit "carriage-return-not-split" "CR in a payload is written as it is."
    NoSpaceAfterColon "no-space-after-colon" "Values are written right behind the colon."
    TrimsTrailingLineFeed "trims-trailing-line-feed" "A line end at the end of a payload is lost."
    TrimsTrailingSpaces "trims-trailing-spaces" "Blanks at the end of a payload's lines are lost."
    CutsAtNul "cuts-at-nul" "A payload ends at its first U+0000."
    SplitsAtLineSeparator "splits-at-line-separator" "Payloads are split at U+2028 and the like."
    DropsEmptyPayload "drops-empty-payload" "An empty payload is accepted and never sent."
    TruncatesPayload "truncates-payload" "Payloads are cut at 64 KiB."
    IdNotChecked "id-not-checked" "Line ends in a publisher's id are written as they are."
    EventNotChecked "event-not-checked" "Line ends in a publisher's event type are written as they are."
}
