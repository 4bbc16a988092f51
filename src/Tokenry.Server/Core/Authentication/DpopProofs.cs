using Tokenry.Protocol.Proofs;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Authentication;

/// <summary>DPoP proofs (RFC 9449): what the validator sees, the nonce, and that none is used twice on any replica.</summary>
public sealed class DpopProofs(DpopNonces nonces, Database database, TokenryOptions options, TimeProvider time)
{
    /// <summary>In <see cref="SingleUse"/>.</summary>
    private const string UseKind = "dpop_proof";

    private readonly DpopProofValidator validator = new(time);

    /// <summary>What a client should put into its next proof.</summary>
    public string Nonce => nonces.Current;

    /// <summary>Whether the proof is good for the request, but for whether it was used before (<see cref="ClaimAsync"/>).</summary>
    public DpopResult Validate(string proof, DpopRequest request) => validator.Validate(proof, request with { TakesNonce = Takes });

    /// <summary>Uses the proof up; false where it was used before. After all other checks: a proof that fails uses nothing up.</summary>
    public Task<bool> ClaimAsync(DpopProof proof) => SingleUse.ClaimAloneAsync(database, UseKind, proof.ReplayKey(), proof.KeepUntil);

    // One that is sent must be good, so that a client learns of a stale one.
    private bool Takes(string? nonce) => nonce is null ? !options.Dpop.RequiresNonce : nonces.Takes(nonce);
}
