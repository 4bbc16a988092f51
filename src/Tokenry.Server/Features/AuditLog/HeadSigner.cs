using Tokenry.Protocol.Api;
using Tokenry.Protocol.Jose;
using Tokenry.Server.Core.Signing;
using Tokenry.Server.Platform.Keys;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Features.AuditLog;

/// <summary>Signs heads of the trail with this server's keys, and recognises them.</summary>
public sealed class HeadSigner(KeyRing keys, SigningKeyRing signingKeys, StoreIdentity store)
{
    /// <inheritdoc cref="SignedHead.Sign"/>
    public AuditHead Sign(ChainHead head) =>
        SignedHead.Sign(head with { Store = store.Id }, signingKeys.Active(JwsAlgorithms.Es256), keys.AuditKey);

    /// <summary>Whether a head belongs to the open store. A head that names no store counts as one of this store.</summary>
    public bool IsOwn(ChainHead head) => head.Store is null || head.Store == store.Id;

    /// <inheritdoc cref="SignedHead.Read"/>
    public ChainHead? Read(ReadOnlySpan<byte> jws) => SignedHead.Read(jws, keys.AuditKey, signingKeys.Find);
}
