using Tokenry.Protocol.Api;
using Tokenry.Protocol.Jose;
using Tokenry.Server.Foundation.Hosting;
using Tokenry.Server.Foundation.Signing;

namespace Tokenry.Server.Foundation.Audit;

/// <summary>Signs heads of the trail with this server's keys, and recognises them.</summary>
public sealed class HeadSigner(KeyRing keys, SigningKeys signingKeys)
{
    /// <inheritdoc cref="SignedHead.Sign"/>
    public AuditHead Sign(ChainHead head) => SignedHead.Sign(head, signingKeys.Active(JwsAlgorithms.Es256), keys.AuditKey);

    /// <inheritdoc cref="SignedHead.Read"/>
    public ChainHead? Read(ReadOnlySpan<byte> jws) => SignedHead.Read(jws, keys.AuditKey, signingKeys.Find);
}
