#include "ice/request.h"

#include "core/bytes.h"
#include "stun/builder.h"

namespace parley::ice {

Packet writeRequest(Step& step, const RequestBody& body, const Credentials& local,
                    const Credentials& remote) {
  std::string username;
  username.reserve(remote.ufrag.size() + 1 + local.ufrag.size());
  username.append(remote.ufrag).append(1, ':').append(local.ufrag);

  const bool controlling = body.role == Role::controlling;
  stun::MessageBuilder message(step.packets.take(), stun::Class::request, stun::Method::binding,
                               body.id);
  message.addText(stun::Attribute::username, username)
      .addU32(stun::Attribute::priority, body.priority)
      .addU64(controlling ? stun::Attribute::iceControlling : stun::Attribute::iceControlled,
              body.tieBreaker);
  if (body.useCandidate) message.add(stun::Attribute::useCandidate);
  // Who does not know it may ignore it, and then goes by the order of arrival.
  if (body.useCandidate) message.addU32(stun::Attribute::nomination, body.nomination);
  return message.finish(stun::Integrity::sha1, bytesOf(remote.password));
}

}  // namespace parley::ice
