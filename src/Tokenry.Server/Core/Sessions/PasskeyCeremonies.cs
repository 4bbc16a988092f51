using System.Runtime.ExceptionServices;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Tokenry.Protocol.Api;
using Tokenry.Protocol.Credentials;
using Tokenry.Server.Core.Principals;
using Tokenry.Server.Core.Usage;
using Tokenry.Server.Platform.Http;
using Tokenry.Server.Platform.Store;
using Tokenry.Server.Platform.Store.Audit;

namespace Tokenry.Server.Core.Sessions;

/// <summary>
/// Makes and checks passkeys (WebAuthn level 3) with the code of ASP.NET Core Identity. Each has user verification and is discoverable, so that it counts as both
/// factors and needs no name. Only this server's own origin counts; the request that brings an answer has no influence on its check.
/// </summary>
public sealed class PasskeyCeremonies(
    RelyingParty party,
    PasskeyChallenges challenges,
    Database database,
    Denials denials,
    TimeProvider time
)
{
    private const string Required = "required";

    /// <summary>WebAuthn §5.8.4; what else a browser sends is not kept.</summary>
    private static readonly string[] Transports = ["ble", "hybrid", "internal", "nfc", "smart-card", "usb"];

    private readonly IOptions<IdentityPasskeyOptions> options = Options.Create(
        new IdentityPasskeyOptions
        {
            ServerDomain = party.Id,
            AuthenticatorTimeout = PasskeyChallenges.Life,
            UserVerificationRequirement = Required,
            ResidentKeyRequirement = Required,
            ValidateOrigin = context =>
                ValueTask.FromResult(context is { CrossOrigin: false, TopOrigin: null } && context.Origin == party.Origin),
        }
    );

    /// <summary>What a browser needs to make a passkey for a person.</summary>
    /// <param name="person">The person.</param>
    /// <param name="purpose">What the answer is for, and in which browser.</param>
    public async Task<PasskeyRequest> BeginRegistrationAsync(SignInData person, string purpose)
    {
        RequireHost();
        using var users = Users();
        var user = new PasskeyUserEntity
        {
            Id = person.Id,
            Name = person.Email ?? person.Name,
            DisplayName = person.Name,
        };
        var made = await Handler(users).MakeCreationOptionsAsync(user, NoRequest());
        return new PasskeyRequest(made.CreationOptionsJson, challenges.Seal(made.AttestationState!, purpose));
    }

    /// <summary>What a browser needs to ask for a passkey.</summary>
    /// <param name="person">The person whose passkeys count; <c>null</c> = any, of which the browser offers those that it has.</param>
    /// <param name="purpose">What the answer is for, and in which browser.</param>
    public async Task<PasskeyRequest> BeginProofAsync(SignInData? person, string purpose)
    {
        RequireHost();
        using var users = Users();
        var made = await Handler(users).MakeRequestOptionsAsync(person, NoRequest());
        return new PasskeyRequest(made.RequestOptionsJson, challenges.Seal(made.AssertionState!, purpose));
    }

    /// <summary>Checks the answer of a browser that made a passkey.</summary>
    /// <param name="answer">The answer.</param>
    /// <param name="userId">The person that it was made for.</param>
    /// <param name="purpose">What the answer is for, and in which browser.</param>
    /// <returns>The passkey; <c>null</c> = the answer is wrong, or came too late.</returns>
    public async Task<NewPasskey?> RegisterAsync(PasskeyAnswer answer, string userId, string purpose)
    {
        if (party.Id is null || challenges.Open(answer.Challenge, purpose) is not { } challenge)
        {
            return null;
        }

        using var users = Users();
        var result = await Handler(users)
            .PerformAttestationAsync(
                new()
                {
                    CredentialJson = answer.Credential,
                    AttestationState = challenge.State,
                    HttpContext = NoRequest(),
                }
            );
        RethrowStoreFault(result.Failure);
        return result.Succeeded && result.UserEntity.Id == userId ? new NewPasskey(result.Passkey, challenge) : null;
    }

    /// <summary>Checks the answer of a browser that used a passkey, but for its counter (<see cref="AcceptAsync"/>). Records a wrong one.</summary>
    /// <param name="request">The request.</param>
    /// <param name="answer">The answer.</param>
    /// <param name="purpose">What the answer is for, and in which browser.</param>
    /// <returns>The proof; <c>null</c> = the answer is wrong, or came too late.</returns>
    public async Task<PasskeyProof?> ProveAsync(RequestFacts request, PasskeyAnswer answer, string purpose)
    {
        if (party.Id is null || challenges.Open(answer.Challenge, purpose) is not { } challenge)
        {
            denials.RecordSignIn(request, user: null, "passkey_challenge_expired");
            return null;
        }

        using var users = Users();
        var result = await Handler(users)
            .PerformAssertionAsync(
                new()
                {
                    CredentialJson = answer.Credential,
                    AssertionState = challenge.State,
                    HttpContext = NoRequest(),
                }
            );
        RethrowStoreFault(result.Failure);
        if (!result.Succeeded)
        {
            denials.RecordSignIn(request, user: null, "wrong_passkey");
            return null;
        }

        return new PasskeyProof(result.User, result.Passkey, challenge);
    }

    /// <summary>Stores a new passkey in the mutation that it allows.</summary>
    /// <param name="tx">The transaction; it holds the user's row.</param>
    /// <param name="userId">The person.</param>
    /// <param name="made">The passkey.</param>
    /// <param name="name">A name for the person's list; <c>null</c> = a number.</param>
    /// <returns>The stored passkey; <c>null</c> = the answer was used before.</returns>
    /// <exception cref="ProblemException">409: it is stored already, or the person has too many.</exception>
    public async Task<PasskeyRow?> KeepAsync(WriteTransaction tx, string userId, NewPasskey made, string? name)
    {
        if (!await PasskeyChallenges.ClaimAsync(tx, made.Challenge))
        {
            return null;
        }

        var count = await PasskeyStore.CountAsync(tx, userId);
        if (count >= PasskeyStore.MostOfUser)
        {
            throw new ProblemException(
                409,
                ProblemCode.LimitReached,
                $"You have {PasskeyStore.MostOfUser} passkeys, and more are not possible. Remove one that you do not use, then try again."
            )
            {
                Limit = PasskeyStore.MostOfUser,
                Text = new PageText("sign_in_fault.passkeys_full", ("n", PasskeyStore.MostOfUser)),
            };
        }

        var now = time.GetUtcNow();
        var row = new PasskeyRow
        {
            Id = PublicId.Create(PasskeyRow.IdPrefix, PublicId.NewUuid7(now)),
            UserId = userId,
            CredentialId = made.Info.CredentialId,
            PublicKey = made.Info.PublicKey,
            Name = name ?? $"Passkey {count + 1}",
            Transports = string.Join(',', Transports.Intersect(made.Info.Transports ?? [], StringComparer.Ordinal)),
            SignCount = made.Info.SignCount,
            BackupEligible = made.Info.IsBackupEligible ? 1 : 0,
            BackedUp = made.Info.IsBackedUp ? 1 : 0,
            CreatedAt = now.ToUnixTimeMilliseconds(),
        };
        return await PasskeyStore.InsertAsync(tx, row)
            ? row
            : throw ProblemException.Exists("This passkey is set up already.", new PageText("sign_in_fault.passkey_known"));
    }

    /// <summary>
    /// Counts a proof, once, in the mutation that it allows. If the counter of the authenticator went back, a copy of it may exist: the proof does not count, and
    /// the audit and the person's page say so. The transaction must commit in either case.
    /// </summary>
    /// <param name="tx">The transaction; it holds the user's row.</param>
    /// <param name="entry">The event of the operation.</param>
    /// <param name="proof">The proof.</param>
    /// <param name="request">The request.</param>
    /// <returns>Whether it counts.</returns>
    public async Task<bool> AcceptAsync(WriteTransaction tx, AuditEntry entry, PasskeyProof proof, RequestFacts request)
    {
        var userId = proof.Person.Id;
        if (!await PasskeyChallenges.ClaimAsync(tx, proof.Challenge))
        {
            denials.RecordSignIn(request, userId, "passkey_answer_used");
            return false;
        }

        if (await PasskeyStore.FindAsync(tx, proof.Passkey.CredentialId) is not { } row || row.UserId != userId)
        {
            return false; // removed meanwhile
        }

        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        if (await PasskeyStore.AcceptAsync(tx, row.Id, (proof.Passkey.SignCount, proof.Passkey.IsBackedUp, now)))
        {
            return true;
        }

        await PasskeyStore.SuspectAsync(tx, row.Id, now);
        tx.Record(
            entry.With(
                "passkey.counter_went_back",
                PrincipalType.User,
                userId,
                $"{row.Id} sent {proof.Passkey.SignCount} after {row.SignCount}: a copy of it may exist"
            )
        );
        denials.RecordSignIn(request, userId, "passkey_counter_went_back");
        return false;
    }

    private UserManager<SignInData> Users() =>
        new(
            new PasskeyUsers(database),
            Options.Create(new IdentityOptions()),
            passwordHasher: null!,
            userValidators: [],
            passwordValidators: [],
            keyNormalizer: null!,
            new IdentityErrorDescriber(),
            services: null!,
            NullLogger<UserManager<SignInData>>.Instance
        );

    private PasskeyHandler<SignInData> Handler(UserManager<SignInData> users) => new(users, options);

    /// <summary>The framework wants a request. Host and origin are configured, so that it asks an empty one for nothing.</summary>
    private static DefaultHttpContext NoRequest() => new();

    /// <summary>The framework reports every fault as a wrong answer. That the store is away is none.</summary>
    private static void RethrowStoreFault(PasskeyException? failure)
    {
        if (failure?.InnerException is StoreUnavailableException fault)
        {
            ExceptionDispatchInfo.Throw(fault);
        }
    }

    private void RequireHost()
    {
        if (party.Id is null)
        {
            throw ProblemException.NotFound();
        }
    }
}

/// <summary>What a page gives to the browser.</summary>
/// <param name="Options">The JSON for <c>navigator.credentials</c>, as <c>parseCreationOptionsFromJSON</c> or <c>parseRequestOptionsFromJSON</c> reads it.</param>
/// <param name="Challenge">The sealed challenge, to be sent back with the answer.</param>
public sealed record PasskeyRequest(string Options, string Challenge);

/// <summary>What a browser sends back.</summary>
/// <param name="Credential">The JSON of the <c>PublicKeyCredential</c>.</param>
/// <param name="Challenge">The sealed challenge.</param>
public sealed record PasskeyAnswer(string Credential, string Challenge);

/// <summary>A passkey that a browser made just now.</summary>
/// <param name="Info">What is to be stored.</param>
/// <param name="Challenge">The challenge, to be claimed in the mutation.</param>
public sealed record NewPasskey(UserPasskeyInfo Info, PasskeyChallenge Challenge);

/// <summary>A right answer, but for the counter. A class and not a record: a record would print the hash of the person's password.</summary>
public sealed class PasskeyProof(SignInData person, UserPasskeyInfo passkey, PasskeyChallenge challenge)
{
    public SignInData Person => person;

    /// <summary>The passkey with the counter that the authenticator sent.</summary>
    public UserPasskeyInfo Passkey => passkey;

    public PasskeyChallenge Challenge => challenge;
}
