using Tokenry.Protocol.Proofs;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Authentication;

/// <summary>DPoP proofs (RFC 9449): validation, the nonce, and the check that no proof is used twice on any replica.</summary>
public sealed class DpopProofs(DpopNonces nonces, Database database, TokenryOptions options, TimeProvider time)
{
    /// <summary>In <see cref="SingleUse"/>.</summary>
    private const string UseKind = "dpop_proof";

    private readonly DpopProofValidator validator = new(time);

    /// <summary>The nonce that a client should put into its next proof.</summary>
    public string Nonce => nonces.Current;

    /// <summary>Validates the proof for the request. <see cref="ClaimAsync"/> checks separately whether it was used before.</summary>
    public DpopResult Validate(string proof, DpopRequest request) => validator.Validate(proof, request with { TakesNonce = Takes });

    /// <summary>Uses the proof up; false if it was used before. Call it after all other checks, so that a refused proof is not used up.</summary>
    public Task<bool> ClaimAsync(DpopProof proof) => SingleUse.ClaimAloneAsync(database, UseKind, proof.ReplayKey(), proof.KeepUntil);

    // A nonce that is sent must be valid, so that a client learns of a stale one.
    private bool Takes(string? nonce) => nonce is null ? !options.Dpop.RequiresNonce : nonces.Takes(nonce);
}
