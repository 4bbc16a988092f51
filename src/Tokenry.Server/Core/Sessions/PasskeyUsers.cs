using Microsoft.AspNetCore.Identity;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Platform.Store;

namespace Tokenry.Server.Core.Sessions;

/// <summary>
/// What the framework's check of passkeys asks of a store of users: who has a handle, and which passkeys are theirs. It changes nothing here; the operations
/// write, in their own mutation.
/// </summary>
internal sealed class PasskeyUsers(Database database) : IUserPasskeyStore<SignInData>
{
    /// <param name="userId">The user handle of the passkey, as the authenticator sends it.</param>
    /// <param name="cancellationToken">Not used: the reads are short.</param>
    public async Task<SignInData?> FindByIdAsync(string userId, CancellationToken cancellationToken) =>
        PublicId.IsWellFormed(userId, "usr") ? await database.ReadAsync(connection => SignInData.FindAsync(connection, userId)) : null;

    public Task<string> GetUserIdAsync(SignInData user, CancellationToken cancellationToken) => Task.FromResult(user.Id);

    public async Task<IList<UserPasskeyInfo>> GetPasskeysAsync(SignInData user, CancellationToken cancellationToken) =>
        [.. (await database.ReadAsync(connection => PasskeyStore.OfUserAsync(connection, user.Id))).Select(row => row.ToInfo())];

    public async Task<UserPasskeyInfo?> FindPasskeyAsync(SignInData user, byte[] credentialId, CancellationToken cancellationToken) =>
        await database.ReadAsync(connection => PasskeyStore.FindAsync(connection, credentialId)) is { } row && row.UserId == user.Id
            ? row.ToInfo()
            : null;

    /// <summary>Whether a new passkey is known, of any user.</summary>
    public Task<SignInData?> FindByPasskeyIdAsync(byte[] credentialId, CancellationToken cancellationToken) =>
        database.ReadAsync(async connection =>
            await PasskeyStore.FindAsync(connection, credentialId) is { } row ? await SignInData.FindAsync(connection, row.UserId) : null
        );

    public void Dispose()
    {
        // The database outlives every check.
    }

    public Task AddOrUpdatePasskeyAsync(SignInData user, UserPasskeyInfo passkey, CancellationToken cancellationToken) => throw Unasked();

    public Task RemovePasskeyAsync(SignInData user, byte[] credentialId, CancellationToken cancellationToken) => throw Unasked();

    public Task<string?> GetUserNameAsync(SignInData user, CancellationToken cancellationToken) => throw Unasked();

    public Task SetUserNameAsync(SignInData user, string? userName, CancellationToken cancellationToken) => throw Unasked();

    public Task<string?> GetNormalizedUserNameAsync(SignInData user, CancellationToken cancellationToken) => throw Unasked();

    public Task SetNormalizedUserNameAsync(SignInData user, string? normalizedName, CancellationToken cancellationToken) => throw Unasked();

    public Task<IdentityResult> CreateAsync(SignInData user, CancellationToken cancellationToken) => throw Unasked();

    public Task<IdentityResult> UpdateAsync(SignInData user, CancellationToken cancellationToken) => throw Unasked();

    public Task<IdentityResult> DeleteAsync(SignInData user, CancellationToken cancellationToken) => throw Unasked();

    public Task<SignInData?> FindByNameAsync(string normalizedUserName, CancellationToken cancellationToken) => throw Unasked();

    private static NotSupportedException Unasked() => new("The check of passkeys asks nothing else of its store.");
}
