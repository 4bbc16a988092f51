using Tokenry.Protocol.Jose;

namespace Tokenry.Server.Core.Credentials;

/// <summary>A federated identity as it verifies: what a token must be, and by whose keys.</summary>
/// <param name="Trust">What it must be.</param>
/// <param name="Keys">The issuer's keys; <c>null</c> where they are fetched.</param>
/// <param name="KeysUri">Where they are fetched from.</param>
public sealed record FederatedRule(FederatedTrust Trust, JsonWebKeySet? Keys, Uri? KeysUri);
