using System.Collections.Concurrent;
using Tokenry.Protocol.Jose;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Keys;
using Tokenry.Server.Platform.Keys.Pkcs11;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Signing;

/// <summary>
/// The keys that sign access tokens, with one active key for each algorithm. A key is stored sealed under the key-encryption key (bound to
/// key id and purpose), or a PKCS#11 token holds it. All are in memory, so that tokens, JWKS and metadata need no database. The server
/// creates the ES256 key at its first start, and a key of another algorithm when an API resource first uses it.
/// </summary>
public sealed class SigningKeyRing : IDisposable
{
    private readonly Database database;
    private readonly KeyRing keys;
    private readonly TimeProvider time;
    private readonly Pkcs11Token? token;
    private readonly SemaphoreSlim loading = new(1, 1);
    private readonly ConcurrentDictionary<string, Lazy<Task<NewSigningKey>>> spares = new(StringComparer.Ordinal);
    private volatile SigningKeySet current = new([]);

    // How many key changes were announced, and how many of them this process has read.
    private long announced;
    private long known;
    private TaskCompletionSource fallenBehind = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long begun;
    private long finished;

    /// <param name="database">The store of the keys.</param>
    /// <param name="keys">The keys that seal them.</param>
    /// <param name="hub">Announces changes.</param>
    /// <param name="time">The clock.</param>
    /// <param name="token">The open PKCS#11 token; <c>null</c> if none is configured.</param>
    public SigningKeyRing(Database database, KeyRing keys, ChangeHub hub, TimeProvider time, Pkcs11Token? token = null)
    {
        this.token = token;
        this.database = database;
        this.keys = keys;
        this.time = time;
        hub.Subscribe(ChangeKind.SigningKey, _ => FallBehind(), FallBehind);
    }

    private bool IsBehind => Interlocked.Read(ref known) < Interlocked.Read(ref announced);

    /// <summary>The published keys with their states, for the scheduled state changes.</summary>
    public IReadOnlyList<(JwsSigningKey Key, SigningKeyRow Row)> Held => current.Keys;

    /// <summary>The key that signs new tokens of the algorithm. A process that knows an API resource with this algorithm holds its key.</summary>
    public JwsSigningKey Active(string algorithm) =>
        current.Active(algorithm) ?? throw new InvalidOperationException($"The store has no signing key for {algorithm}.");

    /// <inheritdoc cref="SigningKeySet.Find"/>
    public VerificationKey? Find(string keyId) => current.Find(keyId);

    /// <summary>The published JWK set. It reads the store only after a key changed, and serves the old set if the store is unavailable.</summary>
    public ValueTask<PublicDocument> JwkSetAsync() => IsBehind ? new(PublishedAsync()) : new(current.JwkSet);

    /// <summary>
    /// Must run before a token is verified: after it, no tainted key is found, whichever replica tainted it. It costs nothing unless a key
    /// just changed.
    /// </summary>
    /// <exception cref="StoreUnavailableException">A key changed, and the store is unavailable.</exception>
    public ValueTask CatchUpAsync() => IsBehind ? new(LoadAsync()) : default;

    /// <summary>Completes when a key changes, at the latest after <paramref name="atMost"/>.</summary>
    public Task WaitForChangeAsync(TimeSpan atMost, CancellationToken cancellation) =>
        Task.WhenAny(Volatile.Read(ref fallenBehind).Task, Task.Delay(atMost, time, cancellation));

    /// <summary>
    /// Ids and creation times of keys that this process created on the PKCS#11 token. The cleanup removes an entry when the key is stored or
    /// destroyed.
    /// </summary>
    internal ConcurrentDictionary<string, DateTimeOffset> MadeOnToken { get; } = new(StringComparer.Ordinal);

    /// <summary>Creates a key on another thread, because an RSA key takes up to a second of processor time.</summary>
    /// <exception cref="StoreUnavailableException">The key would be on the PKCS#11 token, which is unavailable.</exception>
    public Task<NewSigningKey> MakeAsync(string algorithm) => Task.Run(() => Make(algorithm));

    /// <summary>Loads the keys at start and creates the first one if there is none. Replicas that start together agree on one.</summary>
    /// <exception cref="StartupException">The PKCS#11 token lacks one of the keys.</exception>
    public async Task OpenAsync()
    {
        await LoadAsync();
        if (current.Active(JwsAlgorithms.Es256) is null)
        {
            var made = Make(JwsAlgorithms.Es256);
            await database.WriteAsync(tx => SigningKeyStore.InsertActiveAsync(tx, made, time.GetUtcNow()));
            await LoadAsync();
        }

        RequireOnToken();
    }

    /// <summary>
    /// Must run before the process uses API resources with these algorithms. A key of another replica commits no later than its resource, so
    /// a read of the store finds it.
    /// </summary>
    public ValueTask HoldAsync(IEnumerable<string> algorithms) =>
        algorithms.All(algorithm => current.Active(algorithm) is not null) ? default : new(LoadAsync());

    /// <summary>
    /// Whether the store had keys unknown to this process, just created by another replica. Only PostgreSQL has other replicas; on SQLite,
    /// this process creates every key.
    /// </summary>
    public async ValueTask<bool> LearnAsync()
    {
        if (!IsBehind && database.Dialect == Dialect.Sqlite)
        {
            return false;
        }

        var before = current;
        await LoadAsync();
        return current != before;
    }

    /// <summary>
    /// A key to store in the transaction of the first API resource that uses it; <c>null</c> if one exists. It is created outside the
    /// transaction, which would block others, and kept for the next attempt if the transaction fails.
    /// </summary>
    public async Task<NewSigningKey?> PrepareAsync(string algorithm)
    {
        await HoldAsync([algorithm]);
        if (current.Active(algorithm) is not null)
        {
            return null;
        }

        // A key on the PKCS#11 token is not kept for later: the cleanup destroys it unless it is stored soon.
        return token is { HoldsNewKeys: true }
            ? await MakeAsync(algorithm)
            : await spares.GetOrAdd(algorithm, wanted => new(() => MakeAsync(wanted))).Value;
    }

    public void Dispose()
    {
        foreach (var (key, _) in current.Keys)
        {
            key.Dispose();
        }

        loading.Dispose();
    }

    private void FallBehind()
    {
        Interlocked.Increment(ref announced);
        Volatile.Read(ref fallenBehind).TrySetResult();
    }

    private async Task<PublicDocument> PublishedAsync()
    {
        try
        {
            await LoadAsync();
        }
        catch (StoreUnavailableException)
        {
            // The held keys are still valid; the next request tries again.
        }

        return current.JwkSet;
    }

    /// <summary>
    /// Reads the store once for all callers that came before the read began. So any number of requests with unknown key ids costs one read at
    /// a time.
    /// </summary>
    private async Task LoadAsync()
    {
        var seen = Interlocked.Read(ref begun);
        await loading.WaitAsync();
        try
        {
            if (finished > seen)
            {
                return;
            }

            var number = Interlocked.Increment(ref begun);
            Volatile.Write(ref fallenBehind, new(TaskCreationOptions.RunContinuationsAsynchronously));
            var upTo = Interlocked.Read(ref announced); // taken before the read, because the read may miss later changes
            await ReadAsync();
            Interlocked.Exchange(ref known, upTo);
            finished = number;
        }
        finally
        {
            loading.Release();
        }
    }

    private async Task ReadAsync()
    {
        var rows = await database.ReadAsync(SigningKeyStore.ListAsync);
        var held = current.Keys;
        if (rows.Count == held.Count && rows.Zip(held).All(pair => pair.First.IsAs(pair.Second.Row)))
        {
            return;
        }

        // A held key stays the same object, because another thread may be signing with it.
        var opened = held.ToDictionary(entry => entry.Key.KeyId, entry => entry.Key, StringComparer.Ordinal);
        current = new SigningKeySet([.. rows.Select(row => (opened.GetValueOrDefault(row.KeyId) ?? Open(row), row))]);
        spares.Clear();
    }

    private NewSigningKey Make(string algorithm)
    {
        if (token is not { HoldsNewKeys: true })
        {
            return NewSigningKey.Make(algorithm, keys);
        }

        var made = NewSigningKey.MakeOn(token, algorithm);
        MadeOnToken[made.KeyId] = time.GetUtcNow();
        return made;
    }

    /// <summary>
    /// Finds a missing key at start, not at the first token request. Without a configured PKCS#11 token, the server verifies but cannot
    /// issue.
    /// </summary>
    private void RequireOnToken()
    {
        if (
            token is not null
            && Held.FirstOrDefault(held => held.Row is { IsOnToken: true, RetiredAt: null } && !token.Holds(held.Row.KeyId)).Row is { } lost
        )
        {
            throw new StartupException(
                $"Signing key {lost.KeyId} is not on the PKCS#11 token '{token.Label}'. Set Tokenry:Pkcs11:Token to the token that holds it. "
                    + "If that token is lost, see docs/guides/signing-keys.md."
            );
        }
    }

    private JwsSigningKey Open(SigningKeyRow row)
    {
        if (row.IsOnToken)
        {
            return JwsSigningKey.OnToken(row.KeyId, row.Algorithm, row.PublicKey, token);
        }

        if (!keys.Opens(row.SealedPrivateKey))
        {
            // The store is available, but the caller needs the same answer: this process cannot decide now.
            throw new StoreUnavailableException(
                $"Signing key {row.KeyId} is sealed under a key that this key file lacks. Copy the current key file to this server."
            );
        }

        return JwsSigningKey.Open(row.KeyId, row.Algorithm, keys.Open(row.SealedPrivateKey, SigningKeyStore.SealPurpose(row.KeyId)));
    }
}
