using System.Collections.Concurrent;
using Tokenry.Protocol.Jose;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Keys;
using Tokenry.Server.Platform.Keys.Pkcs11;
using Tokenry.Server.Platform.Settings;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Signing;

/// <summary>
/// The keys that sign access tokens, one active key an algorithm: made in this process or another one, stored sealed under the key-encryption
/// key (bound to key id and purpose) or kept by a PKCS#11 token, held in memory, so that tokens, JWKS and metadata need no database. ES256 is made at the first start,
/// any other when an API resource first asks for it.
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

    // How often keys were made or moved on, and how much of that has been read.
    private long announced;
    private long known;
    private TaskCompletionSource fallenBehind = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long begun;
    private long finished;

    /// <param name="database">Where they are stored.</param>
    /// <param name="keys">What they are sealed under.</param>
    /// <param name="hub">Tells of changes.</param>
    /// <param name="time">The clock.</param>
    /// <param name="token">Open already; <c>null</c> where none is configured.</param>
    public SigningKeyRing(Database database, KeyRing keys, ChangeHub hub, TimeProvider time, Pkcs11Token? token = null)
    {
        this.token = token;
        this.database = database;
        this.keys = keys;
        this.time = time;
        hub.Subscribe(ChangeKind.SigningKey, _ => FallBehind(), FallBehind);
    }

    private bool IsBehind => Interlocked.Read(ref known) < Interlocked.Read(ref announced);

    /// <summary>What is published now, with states; for what is done when a key's time has come.</summary>
    public IReadOnlyList<(SigningKey Key, SigningKeyRow Row)> Held => current.Keys;

    /// <summary>The key new tokens of that algorithm are signed with. It is held by whoever knows an API resource that asks for it.</summary>
    public SigningKey Active(string algorithm) =>
        current.Active(algorithm) ?? throw new InvalidOperationException($"The store has no signing key for {algorithm}.");

    /// <inheritdoc cref="SigningKeySet.Find"/>
    public VerificationKey? Find(string keyId) => current.Find(keyId);

    /// <summary>What is published now. The store is read only after a key was made or moved on, and not waited for when it is away.</summary>
    public ValueTask<PublicDocument> JwkSetAsync() => IsBehind ? new(PublishedAsync()) : new(current.JwkSet);

    /// <summary>
    /// Before a token is believed: a key that was tainted, here or by another replica, is not found from then on. Free unless a key was made or
    /// moved on a moment ago.
    /// </summary>
    /// <exception cref="StoreUnavailableException">Something changed, and the store cannot be asked what.</exception>
    public ValueTask CatchUpAsync() => IsBehind ? new(LoadAsync()) : default;

    /// <summary>Back when keys were made or moved on, and at the latest after <paramref name="atMost"/>.</summary>
    public Task WaitForChangeAsync(TimeSpan atMost, CancellationToken cancellation) =>
        Task.WhenAny(Volatile.Read(ref fallenBehind).Task, Task.Delay(atMost, time, cancellation));

    /// <summary>Ids of keys that this process made on the token, with when; whoever finds them stored, or destroys them, takes them out.</summary>
    internal ConcurrentDictionary<string, DateTimeOffset> MadeOnToken { get; } = new(StringComparer.Ordinal);

    /// <summary>A new key, made beside whoever waits for it: RSA takes up to a second of a processor.</summary>
    /// <exception cref="StoreUnavailableException">It is to be on the token, which does not serve now.</exception>
    public Task<NewSigningKey> MakeAsync(string algorithm) => Task.Run(() => Make(algorithm));

    /// <summary>Loads the keys at start, and makes the first where there is none; replicas that start together agree on one.</summary>
    /// <exception cref="StartupException">The token lacks one of them.</exception>
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
    /// Before anybody acts on API resources that ask for these: a key another replica made is committed no later than the resource, so a look
    /// into the store finds it.
    /// </summary>
    public ValueTask HoldAsync(IEnumerable<string> algorithms) =>
        algorithms.All(algorithm => current.Active(algorithm) is not null) ? default : new(LoadAsync());

    /// <summary>
    /// Whether the store had keys that were not held: one that another replica made a moment ago. Only PostgreSQL has other replicas; on
    /// SQLite every key is made here.
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
    /// A key to store in the transaction in which the first API resource asks for it; <c>null</c> where there is one. Made beside the
    /// transaction, since that holds up others, and kept for the next attempt if this one comes to nothing.
    /// </summary>
    public async Task<NewSigningKey?> PrepareAsync(string algorithm)
    {
        await HoldAsync([algorithm]);
        if (current.Active(algorithm) is not null)
        {
            return null;
        }

        // None is kept that is on the token: what is not stored soon is destroyed there.
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
            // The keys that are held are good all the same; the next request tries again.
        }

        return current.JwkSet;
    }

    /// <summary>Reads the store once for all who came before the reading began: whatever number of unknown keys strangers name costs one read at a time.</summary>
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
            var upTo = Interlocked.Read(ref announced); // before the reading: what is made meanwhile is not known by it
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

        // What is held already stays the same object: somebody may be signing with it.
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

    /// <summary>Found out at start, not by the first who wants a token. Where no token is configured, the server verifies and cannot issue.</summary>
    private void RequireOnToken()
    {
        if (
            token is not null
            && Held.FirstOrDefault(held => held.Row is { IsOnToken: true, RetiredAt: null } && !token.Holds(held.Row.KeyId)).Row is { } lost
        )
        {
            throw new StartupException(
                $"Signing key {lost.KeyId} is not on the PKCS#11 token '{token.Label}': name the token it was made on (Tokenry:Pkcs11:Token). "
                    + "If that is lost, see docs/guides/signing-keys.md."
            );
        }
    }

    private SigningKey Open(SigningKeyRow row)
    {
        if (row.IsOnToken)
        {
            return SigningKey.OnToken(row.KeyId, row.Algorithm, row.PublicKey, token);
        }

        if (!keys.Opens(row.SealedPrivateKey))
        {
            // Not a fault of the store, but the same to who asks: this process cannot know now.
            throw new StoreUnavailableException(
                $"Signing key {row.KeyId} is sealed under a key that the key file does not hold yet: copy the file."
            );
        }

        return SigningKey.Open(row.KeyId, row.Algorithm, keys.Open(row.SealedPrivateKey, SigningKeyStore.SealPurpose(row.KeyId)));
    }
}
