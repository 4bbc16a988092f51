using Tokenry.Protocol.Jose;

namespace Tokenry.Server.Core.Credentials;

/// <summary>A federated identity as it verifies: the rule for a token, and the keys that may sign it.</summary>
/// <param name="Trust">The rule for the token.</param>
/// <param name="Keys">The issuer's keys; <c>null</c> if the server fetches them.</param>
/// <param name="KeysUri">The address the server fetches them from.</param>
public sealed record FederatedRule(FederatedTrust Trust, JsonWebKeySet? Keys, Uri? KeysUri);
