using System.Collections.Concurrent;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Platform.Keys;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Credentials;

/// <summary>
/// Hashes secrets under the current pepper when they are presented, because only then is their SHA-256 known. A background task writes them every second; a
/// lost one is written at the next use.
/// </summary>
public sealed class PepperRenewal(Database database, KeyRing keys) : IUsageSink
{
    private const int Step = 1000;
    private const int Most = 100_000;

    private readonly ConcurrentDictionary<(string CredentialId, int From), Renewal> pending = new();

    /// <param name="credentialId">The secret's credential.</param>
    /// <param name="secret">As it is stored, under an older pepper.</param>
    /// <param name="sha256">SHA-256 of the presented string, which matches.</param>
    public void Renew(string credentialId, SecretFacts secret, ReadOnlySpan<byte> sha256)
    {
        var key = (credentialId, secret.PepperVersion);
        if (pending.Count >= Most || pending.ContainsKey(key))
        {
            return;
        }

        var version = keys.PepperVersion;
        var hash = new byte[SecretDigest.Length];
        SecretDigest.Pepper(sha256, keys.Pepper(version), hash);
        pending.TryAdd(key, new Renewal(credentialId, secret.Hash.ToArray(), hash, version));
    }

    public async Task FlushAsync()
    {
        if (pending.IsEmpty)
        {
            return;
        }

        // In one order everywhere, so that two replicas that renew the same secrets cannot deadlock.
        var ordered = pending.OrderBy(pair => pair.Key.CredentialId, StringComparer.Ordinal).ThenBy(pair => pair.Key.From).ToList();
        foreach (var chunk in ordered.Chunk(Step))
        {
            await database.WriteAsync(async tx =>
            {
                foreach (var (_, renewal) in chunk)
                {
                    await RenewAsync(tx, renewal);
                }

                return true;
            });
            foreach (var (key, _) in chunk)
            {
                pending.TryRemove(key, out _);
            }
        }
    }

    private static async Task RenewAsync(WriteTransaction tx, Renewal renewal)
    {
        // Only if the hash is still the same: the secret may have been rotated meanwhile.
        if (
            await tx.ExecuteAsync(
                "UPDATE credential_secrets SET hash = @NewHash, pepper_version = @Version WHERE credential_id = @CredentialId AND hash = @OldHash",
                renewal
            ) > 0
        )
        {
            tx.Changed(ChangeKind.Credential, renewal.CredentialId);
        }
    }

    private sealed record Renewal(string CredentialId, byte[] OldHash, byte[] NewHash, int Version);
}
