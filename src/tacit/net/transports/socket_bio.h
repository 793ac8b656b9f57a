// OpenSSL's view of a socket, made of send and recv. Its own writes with write(), which kills a process whose
// peer has gone unless the whole process ignores SIGPIPE; that is not a library's to decide.
#pragma once

struct bio_st;

namespace tacit {

/// A new BIO on a connected, non-blocking socket that it does not own.
bio_st* new_socket_bio(int fd);
/// Whether what is written from now on may wait for what follows it at once: the system then sends packets as
/// large as it can, instead of one or more for each record.
void more_to_come(bio_st* bio, bool more);

}  // namespace tacit
